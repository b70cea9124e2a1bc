"""Chat templates by the names that a training configuration gives them."""

from waymend.errors import InvalidField

_CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""OpenAI's Chat Markup Language, which SmolLM2 was tuned on."""

_LLAMA2 = (
    "{% if messages[0]['role'] == 'system' %}"
    "{% set system = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}{% set turns = messages[1:] %}"
    "{% else %}{% set system = '' %}{% set turns = messages %}{% endif %}"
    "{% for turn in turns %}{% if turn['role'] == 'user' %}"
    "{{ bos_token + '[INST] ' + (system if loop.first else '') + turn['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + turn['content'] + ' ' + eos_token }}{% endif %}{% endfor %}"
)
"""The prompt of Llama-2-chat: Touvron et al., "Llama 2: Open Foundation and Fine-Tuned Chat Models", 2023. An answer
follows `[/INST]` at once, so there is no generation prompt."""

CHAT_TEMPLATES = {"chatml": _CHATML, "smollm2": _CHATML, "llama2": _LLAMA2}


def chat_template(name: str) -> str:
    """The Jinja template called `name`.

    Raises:
        InvalidField: There is none.
    """
    if name not in CHAT_TEMPLATES:
        raise InvalidField("template", f"one of {', '.join(CHAT_TEMPLATES)}", name)
    return CHAT_TEMPLATES[name]

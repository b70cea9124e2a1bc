"""Processes that load samples beside the training process."""

from training.running.train import TrainResult, train

# Three steps an epoch: the second draws other modalities, which the loading processes have to hear of.
KEYS = {"max_steps": 5, "max_samples": 6, "per_device_train_batch_size": 2, "modality_dropout": 0.4}


def test_two_of_them_change_no_loss_and_no_gradient(small_recipe, tmp_path):
    results = [
        train(small_recipe(**KEYS, dataloader_num_workers=processes, output_dir=str(tmp_path / str(processes))))
        for processes in (0, 2)
    ]
    alone, helped = map(figures, results)
    assert len(alone) == 5
    assert helped == alone


def figures(result: TrainResult) -> list[dict[str, float]]:
    lines = [line for line in result.log if "loss" in line]
    return [{name: value for name, value in line.items() if "loss" in name or name == "grad_norm"} for line in lines]

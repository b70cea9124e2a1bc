# How bundles/default is made. A step that is finished leaves NAME.done, so that a chain that was interrupted goes on.

DEFAULT ?= out/default
COARSE := --width 16 --height 16 --lidar-columns 360
# Seeds of drives that only the motion prior and the controls learn from.
FURTHER := 9 10 11

# $(1): a command of `training` that fills the directory of the target.
define FILL
	rm -rf $(basename $@)
	$(PYTHON_BIN) -m training $(1)
	@touch $@
endef

# $(1): where from; $(2): the samples; $(3): which key tells where from; $(4): other keys.
STAGE = $(call FILL,train configs/default_$(notdir $(basename $@)).yaml \
	dataset_dir=$(DEFAULT)/$(2) $(3)=$(DEFAULT)/$(1) output_dir=$(basename $@) $(4))

train-default: $(DEFAULT)/bundle.done ## Trains bundles/default from nothing: drives, perception, five stages (DEFAULT=out/default).

# Cameras and LiDAR need few drives; how traffic moves needs many, which may be rendered coarsely.
$(DEFAULT)/drives.done: | $(ENVIRONMENT)
	$(call FILL,data synthesize --out $(basename $@) --scenes 80)

$(DEFAULT)/many-drives.done: | $(ENVIRONMENT)
	$(call FILL,data synthesize --out $(basename $@) --scenes 300 --seed 8 $(COARSE))

# Small networks learn from the most drives; a LiDAR point tells which agents are seen.
$(FURTHER:%=$(DEFAULT)/drives-%.done): $(DEFAULT)/drives-%.done: | $(ENVIRONMENT)
	$(call FILL,data synthesize --out $(basename $@) --scenes 400 --seed $* $(COARSE))

$(FURTHER:%=$(DEFAULT)/samples-%.done): $(DEFAULT)/samples-%.done: $(DEFAULT)/drives-%.done
	$(call FILL,data build --nuscenes $(basename $<) --out $(basename $@) --no-conversations --shares 1 0 0)

$(DEFAULT)/samples.done: $(DEFAULT)/drives.done
	$(call FILL,data build --nuscenes $(DEFAULT)/drives --out $(basename $@))

$(DEFAULT)/many-samples.done: $(DEFAULT)/many-drives.done
	$(call FILL,data build --nuscenes $(DEFAULT)/many-drives --out $(basename $@))

$(DEFAULT)/seeing.done: $(DEFAULT)/samples.done
	$(call FILL,perception --data $(DEFAULT)/samples --out $(basename $@) --steps 400)

$(DEFAULT)/perception.done: $(DEFAULT)/many-samples.done $(DEFAULT)/seeing.done
	$(call FILL,forecast --data $(DEFAULT)/many-samples --perception $(DEFAULT)/seeing --out $(basename $@) \
		--steps 1500)

$(DEFAULT)/pretrain.done: $(DEFAULT)/perception.done
	$(call STAGE,perception,many-samples,perception)

$(DEFAULT)/words.done: $(DEFAULT)/pretrain.done
	$(call STAGE,pretrain,many-samples,model_name_or_path)

$(DEFAULT)/maps.done: $(DEFAULT)/words.done
	$(call STAGE,words,many-samples,model_name_or_path)

MOTION_SAMPLES := $(DEFAULT)/many-samples $(FURTHER:%=$(DEFAULT)/samples-%)

$(DEFAULT)/sft.done: $(DEFAULT)/maps.done
	$(call STAGE,maps,samples,model_name_or_path)

$(DEFAULT)/motion-prior.done: $(DEFAULT)/sft.done $(MOTION_SAMPLES:=.done)
	$(call FILL,motion $(MOTION_SAMPLES:%=--data %) --out $(basename $@) --steps 8000 \
		--perception $(DEFAULT)/sft/perception --stop-line-dropout 0.5)

$(DEFAULT)/full.done: $(DEFAULT)/motion-prior.done
	$(call STAGE,sft,samples,model_name_or_path,motion_prior=$(DEFAULT)/motion-prior)

# What an evaluation holds the bundle against, wherever it is evaluated.
$(DEFAULT)/controls.done: $(MOTION_SAMPLES:=.done)
	$(call FILL,controls $(MOTION_SAMPLES:%=--data %) --out $(basename $@) --steps 8000)

$(DEFAULT)/bundle.done: $(DEFAULT)/full.done $(DEFAULT)/controls.done
	$(call FILL,export $(DEFAULT)/full --out $(basename $@) --name waymend-default --version 0.5.0 --caution 1.1 \
		--controls $(DEFAULT)/controls)

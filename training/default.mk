# How bundles/default is made. A step that is finished leaves NAME.done, so that a chain that was interrupted goes on.

DEFAULT ?= out/default
COARSE := --width 16 --height 16 --lidar-columns 360

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

$(DEFAULT)/motion-prior.done: $(DEFAULT)/many-samples.done
	$(call FILL,motion --data $(DEFAULT)/many-samples --out $(basename $@))

$(DEFAULT)/sft.done: $(DEFAULT)/maps.done
	$(call STAGE,maps,samples,model_name_or_path)

$(DEFAULT)/full.done: $(DEFAULT)/sft.done $(DEFAULT)/motion-prior.done
	$(call STAGE,sft,samples,model_name_or_path,motion_prior=$(DEFAULT)/motion-prior)

$(DEFAULT)/bundle.done: $(DEFAULT)/full.done
	$(call FILL,export $(DEFAULT)/full --out $(basename $@) --name waymend-default --version 0.4.0 --caution 1.1)

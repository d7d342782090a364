# `make` lists the targets. Everything lives in .venv; nothing is installed outside this folder.
PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/ready
SITE := .venv/site
PIP := python -m pip install --disable-pip-version-check -c constraints.txt
export PYTHONDONTWRITEBYTECODE :=  # modules are compiled when they are first imported, not all of them by pip
HAS_PYTHON = command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: '$(PYTHON)' was not found; name yours with make PYTHON=..."; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help setup quick demo study test howtos docs gallery lab export readme hooks clean

help:  ## list these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1|/' | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

setup: $(READY)  ## set up .venv with the pinned versions of constraints.txt

$(READY): constraints.txt settings.ini setup.py
	@$(HAS_PYTHON)
	@echo "Setting up .venv: some minutes the first time"
	$(PYTHON) -m venv .venv
	$(BIN)/$(PIP) --quiet --upgrade pip
	$(BIN)/$(PIP) --no-compile --prefer-binary -e '.[dev]'
	@touch $@

quick: $(READY)  ## the quickstart: one head, one lesion, one heatmap, in a minute; into runs/quick
	@mkdir -p runs/quick
	@$(BIN)/python -c 'from patch2loc.runs.notebooks import execute; execute("nbs/quickstart.ipynb", {"out": "."}, "runs/quick/quickstart.ipynb")'
	@echo "worth opening: runs/quick/heatmap.png, runs/quick/viewer.html"

demo: $(READY)  ## train on the embedded (synthetic) cohort, score unseen subjects, write runs/demo
	$(BIN)/patch2loc demo --out runs/demo

study: $(READY)  ## the demo with all five folds and every pixel-wise method, into runs/study
	$(BIN)/patch2loc demo --folds 0,1,2,3,4 --pixelwise all --steps 300 --score-precision auto --out runs/study

test: $(READY)  ## what CI runs: notebooks and package agree, wheel and sdist work, every chapter's checks pass
	@$(BIN)/python -u .ci/test.py

howtos: $(READY)  ## execute every page of nbs/howto, the long ones too
	@$(BIN)/python -u .ci/test.py howto

$(SITE)/ready: constraints.txt settings.ini
	@$(HAS_PYTHON)
	$(PYTHON) -m venv $(SITE)
	$(SITE)/bin/$(PIP) --quiet --upgrade pip
	$(SITE)/bin/$(PIP) --quiet --no-compile --prefer-binary $$(sed -n 's/^docs_requirements = //p' settings.ini)
	@touch $@

docs: $(SITE)/ready  ## build the site from notebooks and sources into _site/; nothing is executed
	@$(SITE)/bin/python .ci/site/build.py

gallery: $(READY)  ## keep a finished run for the site: make gallery RUN=runs/demo
	@test -n "$(RUN)" || { echo "name a finished run: make gallery RUN=runs/demo"; exit 1; }
	@$(BIN)/python .ci/site/gallery.py $(RUN)
	@$(BIN)/nbdev_clean --fname nbs/gallery

lab: $(READY)  ## open the chapters in JupyterLab
	$(BIN)/jupyter lab nbs

export: $(READY)  ## clean the notebooks, write patch2loc/ from them
	$(BIN)/nbdev_clean
	$(BIN)/nbdev_export

readme: $(READY)  ## write README.md from nbs/index.ipynb
	$(BIN)/python .ci/readme.py

hooks: $(READY)  ## let git and Jupyter clean and merge notebooks
	PATH="$(CURDIR)/$(BIN):$$PATH" nbdev_install_hooks

clean:  ## remove what Python and Jupyter leave behind; runs/ and .venv stay
	find nbs patch2loc -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf
	rm -rf *.egg-info build dist _proc _docs _site lightning_logs

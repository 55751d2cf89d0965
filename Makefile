# `make run` and `make test` are all that most people need; `make` lists the rest.

PYTHON ?= python3
BIN := .venv/bin
JS_TESTS := static/recognizer
# Lint and tests do not read .env.
LINT_ENV := SECRET_KEY=lint DATABASE_URL=sqlite://:memory: REDIS_URL= VAR_DIR=build/lint DEBUG=false HTTPS=false

MAKE_MESSAGES := $(LINT_ENV) $(BIN)/python manage.py makemessages --all --no-obsolete --add-location file \
	$(foreach path,.venv var build tests vendor migrations mnist_site ml,--ignore $(path))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help run test test-js test-sqlite test-faults test-postgres format messages screenshots figures architecture clean node chromium
.PHONY: learning-report page-report growth-report deploy-report hosts-report bench soak caddy
.PHONY: lint lint-ruff lint-types lint-imports lint-templates lint-django

help:  ## list all targets
	@sed -n 's/^\([a-z.-]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: .venv/.installed .env  ## install missing packages and run the site until Ctrl-C
	@exec $(BIN)/python manage.py up --with-parent

test: .venv/.installed-dev node chromium  ## all tests except the long ones: JavaScript, SQLite, PostgreSQL, browser
	@$(MAKE) --no-print-directory test-js
	@$(MAKE) --no-print-directory test-sqlite
	@$(MAKE) --no-print-directory test-postgres

test-js: node  ## only the JavaScript tests
	@node --test $$(find $(JS_TESTS) -name '*.test.*js')

# Tests that measure time or use a browser run alone.
test-sqlite: .venv/.installed-dev node chromium  ## only the Python tests, on SQLite
	DATABASE_URL= $(BIN)/python -m pytest -n 2 -m "not (browser or services)"
	DATABASE_URL= $(BIN)/python -m pytest -m "(browser or services) and not faults" --durations 12

test-faults: .venv/.installed-dev  ## kill parts of a running site, with real processes; five minutes
	DATABASE_URL= $(BIN)/python -m pytest recognizer/tests/test_faults.py

test-postgres: .venv/.installed-dev  ## only the tests that touch the database, on PostgreSQL
	$(BIN)/python -m devtools.postgres -- \
		$(BIN)/python -m pytest -n 2 recognizer mnist_site benchmarks -m "not (browser or services)"
	$(BIN)/python -m devtools.postgres -- \
		$(BIN)/python -m pytest recognizer mnist_site benchmarks -m "services and not slow"

lint: lint-ruff lint-types lint-imports lint-templates lint-django  ## every static check

lint-ruff: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

lint-types: .venv/.installed-dev
	$(LINT_ENV) $(BIN)/mypy

lint-imports: .venv/.installed-dev
	$(BIN)/lint-imports

lint-templates: .venv/.installed-dev
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +

lint-django: .venv/.installed-dev
	$(LINT_ENV) $(BIN)/python manage.py makemigrations --check --dry-run
	$(LINT_ENV) HTTPS=true SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

format: .venv/.installed-dev  ## format code and templates
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	-find templates -name '*.html' -exec $(BIN)/djade --target-version 5.2 {} +

messages: .venv/.installed-dev  ## collect the texts to translate and compile the translations; needs GNU gettext
	@command -v msgfmt >/dev/null || { echo "make messages: GNU gettext is missing (apt-get install gettext)." >&2; exit 1; }
	$(MAKE_MESSAGES) --domain django --extension html,py,webmanifest
	$(MAKE_MESSAGES) --domain djangojs --extension js
	$(LINT_ENV) $(BIN)/python manage.py compilemessages --ignore .venv

screenshots: .venv/.installed-dev chromium  ## retake the screenshots of the docs
	$(BIN)/python -m devtools.screenshots docs/screenshots

figures: .venv/.installed  ## measure the model and update the table in docs/measurements.md [SETS="FILE …"]
	$(BIN)/python -m ml evaluate --readme docs/measurements.md $(SETS:%=--set %)

architecture:  ## redraw the diagrams of docs/architecture.md
	@$(PYTHON) -m devtools.architecture

learning-report: .venv/.installed  ## measure how the site learns from corrections [SET=FILE]
	@$(BIN)/python -m benchmarks.learning $(SET:%=--set %)

page-report: .venv/.installed-dev chromium  ## measure the pages' speed, size and quality; needs npm for Lighthouse
	@$(BIN)/python -m benchmarks.pages

bench: .venv/.installed-dev build/bench/.installed  ## compare the speed with Flask and Gradio on the same network [SECONDS=6]
	@$(BIN)/python -m benchmarks.bench --baselines build/bench/bin/python $(SECONDS:%=--seconds %)

hosts-report: .venv/.installed-dev  ## run one site on several hosts, in separate networks; three minutes
	@$(BIN)/python -m benchmarks.hosts

growth-report: .venv/.installed-dev  ## measure pages with many drawings; ten minutes or more [N=1000000] [POSTGRES=1]
	@$(if $(POSTGRES),$(BIN)/python -m devtools.postgres -- )$(BIN)/python -m benchmarks.growth $(N:%=--count %)

deploy-report: .venv/.installed-dev caddy  ## replace a release under load and count failed requests; two minutes [NOTICE=4] [OLD=REVISION]
	@$(BIN)/python -m devtools.postgres -- $(BIN)/python -m benchmarks.deploy $(NOTICE:%=--notice %) $(OLD:%=--old %)

soak: .venv/.installed-dev  ## kill parts under constant load and check that nothing is lost [MINUTES=10]
	@$(BIN)/python -m benchmarks.soak $(MINUTES:%=--minutes %)

clean:  ## remove installed and built files; keeps var/ and .env
	rm -rf .venv build test-results .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/.installed: requirements.txt requirements-worker.txt requirements-web.txt | $(BIN)/python
	@echo "Installing requirements.txt: some minutes the first time, TensorFlow is large."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@echo "Installing requirements-dev.txt."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# The baselines have their own environment, which uses the TensorFlow of .venv.
build/bench/.installed: requirements-bench.txt .venv/.installed
	@echo "Installing requirements-bench.txt."
	@$(PYTHON) -m venv build/bench
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		> "$$(build/bench/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/of_the_project.pth"
	@build/bench/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

# Written once; a newer .env.example never overwrites it. The umask protects its secret.
.env: | .venv/.installed
	@umask 077 && $(BIN)/python -m mnist_site.env > .env.$$$$ && mv .env.$$$$ .env && echo "Wrote .env"

# The same for compose.yaml; works without an installation.
compose.env:  ## settings with fresh secrets for compose.yaml
	@umask 077 && $(PYTHON) -c 'import re, secrets; print(re.sub(r"(?m)^(SECRET_KEY|POSTGRES_PASSWORD|REDIS_PASSWORD)=$$", \
		lambda found: found[0] + secrets.token_hex(32), open("compose.env.example").read()), end="")' > .env.compose.$$$$ \
		&& mv .env.compose.$$$$ $@ && echo "Wrote $@: set SITE_ADDRESS and ALLOWED_HOSTS in it."

node:
	@command -v node >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs; } >&2 \
		|| { echo "make test: Node.js is missing and apt-get cannot install it; install it by hand." >&2; exit 1; }

caddy:
	@command -v caddy >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends caddy; } >&2 \
		|| { echo "make deploy-report: Caddy is missing and apt-get cannot install it; install it by hand." >&2; exit 1; }

chromium: .venv/.installed-dev
	@$(BIN)/python -m devtools.chromium

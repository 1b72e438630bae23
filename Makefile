# Needs Python 3.11 or newer; the tests prefer AWS's own DynamoDB engine, where Java 17 and npm are found.
PYTHON ?= python3
PYTHON313 ?= $(or $(shell PYENV_VERSION=3.13 python3.13 -c 'import sys; print(sys.executable)' 2>/dev/null),$(PYTHON))
PORT ?= 4000
GATEWAY_PORT ?= 4100
ENGINE ?= ministack
BIN := .venv/bin
export PORT ENGINE DYNAMODB_ENDPOINT S3_ENDPOINT HOOKS FLAGS TLS_CERT TLS_KEY TLS_PORT UNSET_VARIABLES SCHEDULES STREAMS EVENT ROLES LOCALE TTL PAIRS BASELINE LOG ROOM AUTH FORM PAGE_TTL TOKEN_USE PUBLISH TEXT BROWSERS SELENIUM_URL FULL ONLY LOSE_RIGHTS
export PYTHONPATH := .:layers/chat/python
unexport TF_CLI_CONFIG_FILE# where it points to nothing, Terraform only prints warnings
MAKEFLAGS += --jobs=2# the two environments that `make run` needs are installed side by side

# A folder that holds the AWS provider, if there is one; otherwise `terraform init` asks its registry.
TF_PLUGIN_DIR ?= $(patsubst %/,%,$(dir $(patsubst %/hashicorp/aws,%,$(firstword $(wildcard $(addsuffix /*/hashicorp/aws,\
	$(HOME)/.terraform.d/plugins $(HOME)/.local/share/terraform/plugins /usr/local/share/terraform/plugins \
	/usr/share/terraform/plugins $(wildcard /opt/*)))))))
export TF_PLUGIN_DIR

# The embedded engine is installed only where it is what runs.
ENGINE_INSTALLED := $(if $(DYNAMODB_ENDPOINT),,$(if $(filter ministack,$(ENGINE)),.venv-ministack/installed))

# $(call install,environment,lock)
TOO_OLD := Python 3.11 or newer is needed, and $(PYTHON) is older: put a newer one first on PATH, or say PYTHON=python3.13.
define install
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "$(TOO_OLD)")' && exec $(PYTHON) -m simulator.install $(1) $(2) $@
endef

help: ## this list
	@sed -nE 's/^([a-z-]+):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: .venv/installed $(ENGINE_INSTALLED) ## the API on this machine [PORT= ENGINE=ministack|dynamodb-local DYNAMODB_ENDPOINT= S3_ENDPOINT= TLS_CERT= TLS_KEY= TLS_PORT= UNSET_VARIABLES=absent SCHEDULES=off STREAMS=off PAGE=serve|off PAGE_TTL=3600 LOG=info HOOKS=rules.py FLAGS=terraform/flags.json AUTH=cognito|oidc|lambda|authorizer|iam FORM=auth0|keycloak|entra PUBLISH=stream]
	@exec $(BIN)/python -m simulator run --page=$(or $(PAGE),build)

AS_USER = $(if $(filter command line,$(origin USER)),--user="$$USER")

gateway: .venv/installed .venv-gateway/installed ## plain WebSocket in front of the running `make run` [GATEWAY_PORT=4100 PORT=4000 AUTH= FORM= as make run has them; IDENTITY= SERVICE_TOKEN= SERVICE_AUTH=iam]
	@$(GATEWAY) -m gateway.check || { echo "start it in another shell: make run$(if $(filter-out 4000,$(PORT)), PORT=$(PORT))" >&2; exit 1; }
	@umask 077 && mkdir -p .local && $(SERVICE_CREDENTIALS)
	@exec $(GATEWAY) -m gateway

# Where the service signs it has no token, and with IDENTITY nobody is told a single issuer.
GATEWAY = env APPSYNC_URL=$${APPSYNC_URL:-http://127.0.0.1:$(PORT)/graphql} PORT=$(GATEWAY_PORT) ADMIN_SOCKET=$${ADMIN_SOCKET:-.local/gateway.sock} \
	$(if $(filter iam,$(SERVICE_AUTH) $(SERVICE_MODE)),$(BY_IAM),SERVICE_TOKEN=$${SERVICE_TOKEN:-file:.local/gateway.token}) \
	$(if $(IDENTITY)$(AUTH),$(if $(IDENTITY),,$(TOLD)),$(BY_OUR_TOKENS)) .venv-gateway/bin/python
TOLD = IDENTITY="$$($(BIN)/python -m simulator identity)" TOKEN_MARKER="$$($(BIN)/python -m simulator identity --setting=TOKEN_MARKER)"
BY_OUR_TOKENS = JWT_ISSUER=$${JWT_ISSUER:-appsync-chat-local} JWT_AUDIENCE=$${JWT_AUDIENCE:-appsync-chat} \
	JWT_JWKS_URL=$${JWT_JWKS_URL:-http://127.0.0.1:$(PORT)/.well-known/jwks.json}

# With AUTH the service comes by IAM where that is one of the modes, else by the first; its keys are this machine's then, and
# not the developer's own.
comma := ,
MODES = $(subst $(comma), ,$(AUTH))
SERVICE_MODE = $(or $(filter iam,$(MODES)),$(firstword $(MODES)))
BY_IAM = SERVICE_AUTH=iam APPSYNC_REGION=$${APPSYNC_REGION:-us-east-1} $(if $(SERVICE_MODE),AWS_CONFIG_FILE=.local/gateway.aws \
	AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= AWS_SESSION_TOKEN= AWS_PROFILE=default)
TOKEN_OF_SERVICE = env AUTH=$(SERVICE_MODE) FORM=$(if $(filter oidc,$(SERVICE_MODE)),$(FORM)) TOKEN_USE= LOCALE= \
	ROLES=$(if $(filter iam,$(SERVICE_MODE)),,gateway) PORT=$(PORT) $(BIN)/python -m simulator token --user=gateway
SERVICE_CREDENTIALS = $(if $(filter iam,$(SERVICE_MODE)),\
	printf '[default]\ncredential_process = %s\n' "$(TOKEN_OF_SERVICE)" > .local/gateway.aws,\
	$(TOKEN_OF_SERVICE) > .local/gateway.token)

token: .venv/installed ## a JWT for it, alone on stdout: USER=alice [ROLES=admin LOCALE=es TTL=43200 AUTH=cognito TOKEN_USE=id GROUPS=x FORM=entra PORT=4000]
	@exec $(BIN)/python -m simulator token $(AS_USER) $(if $(filter command line,$(origin GROUPS)),--groups="$$GROUPS")

subscribe: .venv/installed ## what happens in a room of it, a line of JSON for each event: USER=alice [ROOM=lobby PORT=4000 AUTH= FORM= TOKEN_USE=]
	@exec $(BIN)/python -m simulator subscribe $(AS_USER)

events: .venv/installed $(ENGINE_INSTALLED) ## what the tables' streams tell from now on, a line of the contract's JSON for each event [ROOM=lobby TEXT=true ENGINE= DYNAMODB_ENDPOINT=]
	@exec $(BIN)/python -m simulator events

address: .venv/installed ## where its DynamoDB listens, alone on stdout, for the AWS CLI and `make migrate` [ENGINE= DYNAMODB_ENDPOINT=]
	@exec $(BIN)/python -m simulator address

invoke: .venv/installed $(ENGINE_INSTALLED) ## one function's answer, alone on stdout: EVENT=events/Query.messages.json [HOOKS=rules.py FLAGS=terraform/flags.json PUBLISH=stream]
	@exec $(BIN)/python -m simulator invoke

# A DynamoDB for each worker, so that no more than four are started. One that dies ends the run instead of being replaced.
WORKERS = -n auto --maxprocesses=4 --dist=worksteal --max-worker-restart=0

# `make check` has each part by itself, and of the guarantees those of `make test-fast`. `make check-slow` has the parts together:
# what is promised, under faults and at length, whole programs, and what builds, deploys or moves. That every process collects
# the same tests is what workers of xdist hold each other to in every run.
TOGETHER = $(addprefix tests/,end_to_end game_days guarantees migration package restore terraform)
PROGRAMS = $(addprefix tests/,bench/test_gateway_parts.py privacy/test_program.py proving/test_chaos.py proving/test_load.py) \
	$(addprefix tests/simulator/,test_engine_death.py test_engine_lifetime.py) \
	$(addprefix tests/tooling/,test_programs.py test_attachments.py test_events.py test_install.py test_collection.py)
QUICK = $(filter tests/guarantees/%,$(FAST))
ALONE = $(filter-out $(TOGETHER) tests/__pycache__,$(patsubst %/.,%,$(wildcard tests/*/.))) $(QUICK) $(PROGRAMS:%=--ignore=%)

test: .venv/installed-dev .venv-ministack/installed ## every test of a part by itself: all that need no cloud account, but for those of check-slow [ARGS="-n 0 -k name"]
	@exec $(BIN)/python -m pytest $(WORKERS) $(ALONE) $(ARGS)

# The operations and the rules, and of the guarantees what needs neither a wire to break nor minutes. Not those that try each
# field, each state or each kind of user.
EXHAUSTIVE = $(addprefix tests/resolvers/test_,any_subject.py bad_arguments.py delete_room.py optional_arguments.py authorizer.py identity_modes.py)
FAST = $(filter-out $(EXHAUSTIVE),$(wildcard tests/chat* tests/resolvers/test_*.py)) tests/services \
	$(addprefix tests/guarantees/,catch_up/test_follower.py exactly_once/test_sends_are_judged_in_order.py \
	receipts/test_receipts_are_fenced.py rooms/test_rules_take_effect.py)

test-fast: .venv/installed-dev ## the operations' and the rules' tests on moto, within this process: no Java, no npm, two minutes [ARGS="-n 0 -k name"]
	@exec $(BIN)/python -m pytest --engine=moto $(WORKERS) $(FAST) $(ARGS)

check: .venv/installed-dev .venv-ministack/installed ## format, lint, types, and `make test`, of which it measures what they run: not below the floor in pyproject.toml
	$(BIN)/ruff format --check . && $(BIN)/ruff check .
	@mkdir -p .cache; $(BIN)/mypy > .cache/types 2>&1 & types=$$!; $(BIN)/python -m coverage erase; \
		$(BIN)/python -m coverage run -m pytest $(WORKERS) $(ALONE); \
		tests=$$?; wait $$types; types=$$?; cat .cache/types; exit $$((tests + types))
	@$(BIN)/python -m coverage combine -q && echo "Coverage, in per cent (what is missing: make coverage):" && exec $(BIN)/python -m coverage report --format=total

coverage: .venv/installed-dev ## which lines and branches of layers/, resolvers/, services/, gateway/ and stream/ the last `make check` did not run
	@exec $(BIN)/python -m coverage report

check-slow: .venv/installed-dev .venv-ministack/installed ## the parts together: guarantees, whole programs, Terraform, packages, the migration: minutes
	@exec $(BIN)/python -m pytest $(WORKERS) $(TOGETHER) $(PROGRAMS) $(QUICK:%=--ignore=%) $(ARGS)

check-stream: .venv/installed-dev .venv-ministack/installed ## what people are promised on the wire, once more with messages published by the stream
	@exec $(BIN)/python -m pytest $(WORKERS) --publish=stream tests/end_to_end tests/guarantees/revocation $(ARGS)

scan: .venv-checkov/installed ## checkov over terraform/; terraform/.checkov.yaml gives the reason of each skipped rule
	@HCL_PARSE_TIMEOUT_SEC=300 env -u PYTHONPATH .venv-checkov/bin/checkov --config-file terraform/.checkov.yaml

audit: ## asks OSV what is known of the versions in the locks; where it is not reached, that is said and nothing fails
	@exec $(PYTHON) scripts/audit.py

format: .venv/installed-dev ## puts the code into its form
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: .venv-lock/installed ## resolves the *.in files anew into locks with hashes [UPGRADE=--upgrade]
	$(COMPILE) layers/dependencies/requirements.in -o layers/dependencies/requirements.lock
	$(COMPILE) requirements.in -c layers/dependencies/requirements.lock -o requirements.lock
	$(COMPILE) gateway/requirements.in -c requirements.lock -o gateway/requirements.lock
	$(COMPILE) lambda_package/requirements.in -o lambda_package/requirements.lock
	$(COMPILE) requirements-dev.in -c requirements.lock -c gateway/requirements.lock -c lambda_package/requirements.lock \
		-o requirements-dev.lock
	$(COMPILE) simulator/ministack.in -o simulator/ministack.lock
	$(COMPILE) terraform/checkov.in -o terraform/checkov.lock
	$(COMPILE) bench/requirements.in -c requirements.lock -o bench/requirements.lock
	$(COMPILE) proving/requirements.in -c requirements.lock -o proving/requirements.lock
	@$(MAKE) data

data: .venv/installed ## the generated files anew: botocore's data of our own, from the botocore in the lock, terraform/schema.json, docs/terraform.md, events/stream/, docs/privacy/, docs/what-it-costs.md, docs/quotas.md
	@$(BIN)/python -m lambda_package.botocore_data
	@$(BIN)/python -m schema.data && $(BIN)/python -m terraform.reference && $(BIN)/python -m stream.documents && $(BIN)/python -m privacy.texts && $(BIN)/python -m cost.page && $(BIN)/python -m cost.quotas_page

docs: .venv/installed-dev ## the reference as pages in build/docs/, and what is committed of it: the schema, gateway's frames (AsyncAPI) and HTTP (OpenAPI), pictures
	@exec $(BIN)/python -m reference build/docs

package: .venv-package/installed ## what Lambda runs, as zips in dist/ [PYTHON313= where Python 3.13 is]
	@.venv-package/bin/python -m lambda_package dist

release: .venv-package/installed ## the same, the wheel and the sdist of `chat`, and SHA256SUMS over all of them, in an empty dist/
	@rm -rf dist && .venv-package/bin/python -m lambda_package dist --release

# With FROM the packages are those that run there, and not built.
plan: .venv/installed $(if $(FROM),fetch,package) ## what a deployment would change: ENV=dev|staging|prod [PLAN=file to keep it in] [FROM=dev with the packages that run there]
	@PYTHON="$(CURDIR)/$(BIN)/python" terraform/run plan "$(ENV)" "$(PLAN)"

deploy: .venv/installed package ## plans, asks, applies, and moves all aliases: ENV=dev [PLAN=file of a plan that was agreed to] [LOSE_RIGHTS=true]
	@PYTHON="$(CURDIR)/$(BIN)/python" terraform/run deploy "$(ENV)" "$(PLAN)"

RELEASES = $(BIN)/python -m releases

fetch: .venv/installed
	@commit=$$(git rev-parse HEAD) && changes=$$(git status --porcelain) && rm -rf dist && \
		$(RELEASES) fetch "$(FROM)" --to "$(GOES_TO)" --packages dist --commit "$$commit" $${changes:+--dirty}

plan: GOES_TO = $(ENV)
promote: GOES_TO = $(TO)
promote: fetch ## what runs and is proven in FROM=dev goes to TO=staging: the same bytes [CANARY=minutes LOSE_RIGHTS=true]
	@PYTHON="$(CURDIR)/$(BIN)/python" terraform/run publish "$(TO)" "" "$(FROM)"
	@$(MAKE) -s release-go ENV="$(TO)"

publish: .venv/installed ## applies a plan that was agreed to and records the release; no alias moves: ENV=staging PLAN=file [FROM=dev]
	@PYTHON="$(CURDIR)/$(BIN)/python" terraform/run publish "$(ENV)" "$(PLAN)" "$(FROM)"

release-go: .venv/installed ## all aliases to the newest release, or on with a move that was stopped: ENV=prod [CANARY=minutes]
	@exec $(RELEASES) go "$(ENV)" $(if $(CANARY),--canary "$(CANARY)")

release-prove: .venv/installed ## notes that the live release has passed its smoke test: ENV=dev
	@exec $(RELEASES) prove "$(ENV)"

release-commit: .venv/installed ## the commit of the live and proven release, alone on stdout: ENV=dev
	@exec $(RELEASES) commit "$(ENV)"

releases: .venv/installed ## which release is live, and whether all aliases are there: ENV=prod
	@exec $(RELEASES) status "$(ENV)"

deploy-page: .venv/installed ## builds the page and brings it to the deployment's bucket: ENV=dev|staging|prod; needs Node 20 and npm
	@$(BIN)/python -c 'import sys; from simulator.page.build import build; sys.exit(build())'
	@PYTHON="$(CURDIR)/$(BIN)/python" terraform/run page "$(ENV)"

schema: .venv/installed ## the schema for another API, alone on stdout [FIELDS=Query.messages,… PREFIX=Chat MODES=lambda,cognito,oidc,iam DEFAULT=cognito PUBLISH=stream INTO=theirs.graphql]
	@exec $(BIN)/python -m schema $(call given,fields,FIELDS) $(call given,prefix,PREFIX) $(call given,modes,MODES) \
		$(call given,default,DEFAULT) $(call given,publish,PUBLISH) $(call given,into,INTO)

# $(call given,option,VARIABLE): the option, if the variable is on make's command line
given = $(if $(filter command line,$(origin $(2))),--$(1)="$$$(2)")

migrate: .venv/installed ## gives messages from before numbering their numbers: ARGS="--all --roster roster.json --dry-run"
	@exec $(BIN)/python -m migration $(ARGS)

restore: .venv/installed ## restores both tables and takes back again what was taken back since, as a dry run: ARGS="--instant 2026-01-31T12:00:00Z --generation 2 --log-bucket NAME --log-key ARN" [--apply]
	@exec $(BIN)/python -m restore $(ARGS)

# Without --function they are printed, of the tables of the running `make run`.
HERE = $(if $(findstring --function,$(ARGS))$(findstring --endpoint,$(ARGS))$(findstring --help,$(ARGS)),,--print --endpoint "$$($(BIN)/python -m simulator address)")
LOCAL_KEYS = env -u AWS_PROFILE -u AWS_SESSION_TOKEN AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
AS_HERE = $(if $(HERE),$(LOCAL_KEYS))# a profile of no name is not found

# Without an endpoint or a region it asks the tables of the running `make run`, but for what it knows without any.
PRIVACY_HERE = $(if $(filter retention texts,$(firstword $(ARGS)))$(findstring --endpoint,$(ARGS))$(findstring --region,$(ARGS))$(findstring --help,$(ARGS)),,yes)

privacy: .venv/installed ## requests that somebody's data be exported or erased: ARGS="erase alice --now", "list alice", where they still stand: "scan alice", what is kept for how long: "retention", and --region NAME before it for AWS
	@exec $(if $(PRIVACY_HERE),$(LOCAL_KEYS)) $(BIN)/python -m privacy $(if $(PRIVACY_HERE),--endpoint "$$($(BIN)/python -m simulator address)") $(ARGS)

conformance: .venv-proving/installed ## a line for each thing that AppSync and the chat promise, on any endpoint: URL= TOKENS=file of lines `USER-ID TOKEN` [REALTIME= MAPPING=theirs.toml OWN=host ONLY="chat.send.*" GAPS=file PLAN=true JSON=file JUNIT=file]
	@exec .venv-proving/bin/python -m proving conformance $(call given,url,URL) $(call given,tokens,TOKENS) $(call given,realtime,REALTIME) $(call given,mapping,MAPPING) \
		$(call given,i-own-this,OWN) $(call given,only,ONLY) $(call given,gaps,GAPS) $(call given,json,JSON) $(call given,junit,JUNIT) $(if $(filter true,$(PLAN)),--plan)

chaos: .venv-proving/installed ## people chat through a proxy that drops, doubles, delays, reorders, cuts and slows, and their history is judged: URL= TOKENS=file [SEED= FAULTS=500 ROOMS=3 SHARE=0.5 AT_ONCE=6 SCHEDULE= TRIALS=30 REALTIME= MAPPING=theirs.toml OWN=host PLAN=true JSON=file JUNIT=file]
	@exec .venv-proving/bin/python -m proving chaos $(call given,url,URL) $(call given,tokens,TOKENS) $(call given,realtime,REALTIME) $(call given,mapping,MAPPING) \
		$(call given,i-own-this,OWN) $(call given,json,JSON) $(call given,junit,JUNIT) $(call given,seed,SEED) $(call given,faults,FAULTS) $(call given,share,SHARE) $(call given,trials,TRIALS) \
		$(call given,rooms,ROOMS) $(call given,at-once,AT_ONCE) $(call given,schedule,SCHEDULE) $(if $(PLAN),--plan)

load: .venv-proving/installed ## people listen and send at fixed instants: latencies, and what each missed; a dry run unless GO=true: URL= TOKENS=file PEOPLE=10 ROOMS=1 RATE=5 SECONDS=30 [READS=1 JOINS=0.5 STORMS=1 REPEATS=0.02 SEED= DOLLARS=1 HTML=file JSON=file REALTIME= MAPPING=theirs.toml OWN=host]
	@exec .venv-proving/bin/python -m proving load $(call given,url,URL) $(call given,tokens,TOKENS) $(call given,realtime,REALTIME) $(call given,mapping,MAPPING) $(call given,i-own-this,OWN) \
		$(call given,people,PEOPLE) $(call given,rooms,ROOMS) $(call given,rate,RATE) $(call given,seconds,SECONDS) $(call given,reads,READS) $(call given,joins,JOINS) \
		$(call given,storms,STORMS) $(call given,repeats,REPEATS) $(call given,seed,SEED) $(call given,dollars,DOLLARS) $(call given,html,HTML) $(call given,json,JSON) $(if $(filter true,$(GO)),--go)

results: .venv/installed ## puts the reports of conformance, chaos and load at an endpoint into docs/results/, for `make docs`: VERSION=0.3.0 AT=simulator|emulator [CONFORMANCE=file CHAOS=file LOAD=file NOT_RUN="load: why; chaos: why"]
	@exec $(BIN)/python -m reference.record "$(VERSION)" "$(AT)" $(call given,conformance,CONFORMANCE) $(call given,chaos,CHAOS) $(call given,load,LOAD) $(call given,not-run,NOT_RUN)

cost: .venv/installed ## what a month costs: ROOM=1000 MESSAGES=1e6 [PEOPLE=20000 VIA=appsync|gateway HOURS=8 VISITS=3 RECONNECTS=4 READS=10 EPOCHS=1 KEPT=365 FLAGS_SECONDS=30]
	@exec $(BIN)/python -m cost $(foreach each,ROOM MESSAGES PEOPLE VIA HOURS VISITS RECONNECTS READS EPOCHS KEPT FLAGS_SECONDS,$(if $(filter command line,$(origin $(each))),"$(each)=$($(each))"))

reemit: .venv/installed ## gives events out once more: ARGS="--room lobby --since 120", "--all --since-time 2026-11-26T00:00:00Z", "--dead-letters URL", and --function NAME for a deployment's targets
	@exec $(AS_HERE) $(BIN)/python -m stream $(HERE) $(ARGS)

rollback: .venv/installed ## all functions to the release before, by their aliases, in seconds: ENV=prod [LOSE_RIGHTS=true]
	@exec $(RELEASES) back "$(ENV)" $(if $(filter true,$(LOSE_RIGHTS)),--lose-rights)

deploy-local: .venv/installed .venv-emulator/installed ## the same configuration on an emulator of AWS; prints the GraphQL address [PORT=4566 AUTH=true STOCK=true]
	@exec $(BIN)/python tests/emulator/deployment.py deploy $(if $(filter command line,$(origin PORT)),--port=$(PORT)) \
		$(if $(filter true,$(AUTH)),--auth) $(if $(filter true,$(STOCK)),--stock)

destroy-local: .venv/installed .venv-emulator/installed ## takes it down again
	@exec $(BIN)/python tests/emulator/deployment.py destroy

prove-deployment: .venv/installed-dev .venv-emulator/installed ## applies, asks, plans, changes and destroys on the emulator, plain and with IAM enforced
	@CHAT_DEPLOY=1 exec $(BIN)/python -m pytest -s tests/emulator

# What holds in either way to publish is run by the stream as well; by the sender it is run where it stands.
STREAM = tests/end_to_end tests/gateway/test_gateway.py tests/gateway/test_resuming.py $(addprefix tests/guarantees/,\
	catch_up/test_disconnections.py rooms/test_any_rooms.py)

# What has no clock runs beside each other (`--jobs` above): any history of the state's, and what is said on the wire. What is
# timed comes after, alone.
prove: prove-state prove-wire prove-mutants prove-histories ## what tests/guarantees/ promises, at length: any history, counts, revocations, clients cut off, mutants, crowds, deep rooms [MESSAGES=1000000]
	$(BIN)/python -m tests.guarantees.crowds.throughput
	@exec $(BIN)/python -m tests.guarantees.costs.deep_room $(MESSAGES)

prove-histories: .venv/installed-dev .venv-ministack/installed
	PROVE=1 $(BIN)/python -m pytest -q $(WORKERS) tests/guarantees/exactly_once/test_any_history.py tests/guarantees/rooms/test_any_joint_history.py tests/guarantees/notifications

# Each test that reads PROVE is in one of these targets (tests/tooling/test_proofs.py).
AT_LENGTH = $(addprefix tests/guarantees/,rooms/test_any_rooms.py receipts/test_deliveries_are_measured.py receipts/test_unread.py \
	catch_up/test_changes_never_skip.py catch_up/test_generations.py costs/test_requests_and_capacity.py costs/test_costs_against_size.py \
	privacy/test_exports_of_any_size.py mentions/test_mentions_are_a_naive_count.py notifications/test_any_history_notified.py people/test_names_are_found.py \
	people_told/test_any_history_told.py reactions/test_any_interleaving.py visibility/test_any_visibility.py erasure/test_erasure.py) \
	tests/restore/test_interrupted.py

prove-state: .venv/installed-dev .venv-ministack/installed
	PROVE=1 $(BIN)/python -m pytest -q -s $(AT_LENGTH)

prove-wire: .venv/installed-dev .venv-ministack/installed
	PROVE=1 $(BIN)/python -m pytest -q tests/guarantees/revocation/test_revocation.py
	PROVE=1 $(BIN)/python -m pytest -q --publish=stream tests/guarantees/revocation/test_revocation.py
	$(BIN)/python -m pytest -q --publish=stream $(STREAM)

prove-mutants: .venv/installed-dev .venv-ministack/installed
	PROVE=1 $(BIN)/python -m pytest -q tests/gateway/test_any_run.py tests/gateway/test_any_visibility.py
	$(BIN)/python -m tests.guarantees.catch_up.disconnections
	$(BIN)/python -m tests.mutation.hand_picked

prove-events: .venv/installed-dev .venv-ministack/installed ## 10,000 changes while the stream's reader fails, repeats, restarts, is poisoned and falls behind: none lost after reemission [ARGS="--changes 10000 --seed 1"]
	PROVE=1 $(BIN)/python -m pytest -q -n 0 tests/guarantees/events/test_any_batch.py
	@exec $(BIN)/python -m tests.guarantees.events.survival $(ARGS)

CLIENTS := tests/clients/node_modules/.package-lock.json

prove-clients: .venv/installed-dev .venv-ministack/installed $(CLIENTS) ## aws-amplify and Apollo with AWS's links against it in every mode of AUTH: needs Node 20 and npm
	@CHAT_CLIENTS=1 exec $(BIN)/python -m pytest -n 0 -q tests/clients

$(CLIENTS): tests/clients/package-lock.json
	@cd tests/clients && npm ci --ignore-scripts --no-audit --no-fund && touch $(CURDIR)/$@

CLIENT := clients/typescript/node_modules/.package-lock.json
CLIENT_S = 300# how long its tests may take at the most, in seconds

test-client: $(CLIENT) ## the client in TypeScript: types, form, tests, any 1,500 histories, its sizes: needs Node 20 and npm [HISTORIES=1500 SEED=1]
	@cd clients/typescript && npm run -s check && npm run -s lint && SEED=$(or $(SEED),535618071) timeout $(CLIENT_S) npm run -s test -- --coverage && npm run -s size

PAGE_INSTALLED := web/node_modules/.package-lock.json

EXPLORER_INSTALLED := explorer/node_modules/.package-lock.json

test-page: $(PAGE_INSTALLED) $(EXPLORER_INSTALLED) ## the page and the API explorer: types, form, tests of their parts, their builds and what the page weighs: needs Node 20 and npm
	@cd web && npm run -s check && npm run -s lint && npm run -s test -- --coverage && npm run -s build && npm run -s size
	@cd explorer && npm run -s check && npm run -s lint && npm run -s test && npm run -s build

$(PAGE_INSTALLED) $(EXPLORER_INSTALLED): %/node_modules/.package-lock.json: %/package-lock.json
	@cd $* && npm ci --ignore-scripts --no-audit --no-fund && touch $(CURDIR)/$@

WEB_TESTS := tests/integration/node_modules/.package-lock.json

test-web: .venv/installed .venv-ministack/installed $(WEB_TESTS) ## the page in Debian's Chromium and Firefox, as people use it: a few journeys in both, or all of them [FULL=1 BROWSERS=chromium ONLY=cut SELENIUM_URL=http://127.0.0.1:4444]
	@test -n "$(SELENIUM_URL)" || PYTHON=$(BIN)/python .ci/browsers
	@$(BIN)/python -c 'import sys; from simulator.page.build import build_all; sys.exit(build_all())'
	@exec node tests/integration/run.js $(ARGS)

$(WEB_TESTS): tests/integration/package-lock.json
	@cd tests/integration && npm ci --ignore-scripts --no-audit --no-fund && touch $(CURDIR)/$@

LIGHTHOUSE := tests/lighthouse/node_modules/.package-lock.json

prove-page: $(LIGHTHOUSE) ## the page at length: every journey in both browsers, languages and themes, small screens, hostile texts, 50,000 messages, 50 a second; and Lighthouse [BROWSERS=chromium]
	@$(MAKE) -s test-web FULL=1
	@exec node tests/integration/run.js --lighthouse

$(LIGHTHOUSE): tests/lighthouse/package-lock.json
	@cd tests/lighthouse && npm ci --ignore-scripts --no-audit --no-fund && touch $(CURDIR)/$@

test-browsers: .venv/installed-dev .venv-ministack/installed $(CLIENT) ## the client in Debian's Chromium and Firefox, which are installed where they are missing: kills, two tabs without a link, storage, delays; and its model of the server [KILLS=5 SEED=1]
	@PYTHON=$(BIN)/python .ci/browsers
	@CHAT_BROWSERS=1 exec $(BIN)/python -m pytest -n 0 -s -q tests/clients/test_typescript.py

prove-client: .venv/installed-dev .venv-ministack/installed $(CLIENT) ## the same at length: any 10,000 histories, mutants, the real functions behind it over both transports, and browsers killed 50 times each [HISTORIES=10000 REAL_HISTORIES=300 KILLS=50 SEED=1]
	@PYTHON=$(BIN)/python .ci/browsers
	@cd clients/typescript && MOST_S=1500 HISTORIES=$(or $(HISTORIES),10000) npx vitest run test/histories.test.ts && npm run -s mutate
	@CHAT_CLIENT=1 CHAT_BROWSERS=1 REAL_HISTORIES=$(or $(REAL_HISTORIES),300) KILLS=$(or $(KILLS),50) exec $(BIN)/python -m pytest -n 0 -s -q tests/clients/test_typescript.py

record-client: .venv/installed-dev .venv-ministack/installed $(CLIENT) ## what the real functions answer, written down for the client's model of them: clients/typescript/test/model/recorded.json
	@CHAT_CLIENT=1 RECORD=1 exec $(BIN)/python -m pytest -n 0 -q tests/clients/test_typescript.py -k model

$(CLIENT): clients/typescript/package-lock.json
	@cd clients/typescript && npm ci --ignore-scripts --no-audit --no-fund && touch $(CURDIR)/$@

prove-crashes: .venv/installed-dev .venv-ministack/installed ## people chat while API, gateway and engine are killed and frozen: 0 lost, 0 twice, 0 leaked, unread right [ARGS="--seconds 60 --seed 1"]
	@exec $(BIN)/python -m tests.guarantees.crashes.chaos $(ARGS)

game-day: .venv/installed-dev .venv-ministack/installed ## something goes wrong while people chat, what to see, what to do, and a check: DAY=outage|keys|restored [FOR=600 SEED=1]
	@exec $(LOCAL_KEYS) $(BIN)/python -m tests.game_days $(DAY) $(call given,seconds,FOR) $(call given,seed,SEED)

mutate: .venv/installed-dev .venv-ministack/installed ## which changes of the rules and conditions no test notices [ARGS="--module rules/access --sample 200 --seed 1"]
	@exec $(BIN)/python -m tests.mutation.run $(ARGS)

structure: .venv/installed ## files, imports and circles of each floor and program [ARGS=another checkout]
	@exec $(BIN)/python -m tests.contract.structure $(ARGS)

bench: .venv-bench/installed ## cold starts and warm calls as ratios, beside the same API written the usual way [PAIRS=15 BASELINE=another checkout]
	@.venv-bench/bin/python -m bench

load-overhead: .venv/installed-dev ## what `make load` itself adds to a latency, beside a client in C: needs a C compiler [ARGS="--rounds 7 --count 200 --rate 50"]
	@exec $(BIN)/python -m bench.load $(ARGS)

bench-publishing: .venv/installed-dev .venv-ministack/installed ## how long a message takes to a subscriber by each way to publish [ARGS="--messages 300"]
	@exec $(BIN)/python -m bench.delay $(ARGS)

bench-gateway: .venv/installed-dev ## a thousand people in one room, beside the peers that are found here [ARGS="crowd capacity many rooms slow idle reconnect api faults"]
	@exec $(BIN)/python -m bench.gateway $(ARGS)

clean: ## forgets the local data, keys and caches; the environments stay
	@$(PYTHON) -m simulator.engine .local
	rm -rf .local .cache build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/installed: requirements.lock
	$(call install,.venv,$<)
.venv/installed-dev: requirements-dev.lock
	$(call install,.venv,$<)
	@touch .venv/installed
.venv-ministack/installed: simulator/ministack.lock
	$(call install,.venv-ministack,$<)
.venv-gateway/installed: gateway/requirements.lock
	$(call install,.venv-gateway,$<)
.venv-proving/installed: proving/requirements.lock
	$(call install,.venv-proving,$<)
.venv-emulator/installed: PYTHON := $(PYTHON313)
.venv-emulator/installed: simulator/ministack.lock # functions run on the emulator's own Python
	$(call install,.venv-emulator,$<)
.venv-checkov/installed: terraform/checkov.lock
	$(call install,.venv-checkov,$<)
.venv-package/installed: PYTHON := $(PYTHON313)
.venv-package/installed: lambda_package/requirements.lock
	$(call install,.venv-package,$<)
.venv-bench/installed: PYTHON := $(PYTHON313)
.venv-bench/installed: bench/requirements.lock
	$(call install,.venv-bench,$<)
.venv-lock/installed: Makefile
	@$(PYTHON) -m venv --clear .venv-lock && .venv-lock/bin/pip install --quiet uv==0.13.9 && touch $@

# No line of this machine's configuration may reach a lock: neither an index, nor a folder of wheels, nor a path.
COMPILE = .venv-lock/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)

.PHONY: help run gateway token subscribe events address invoke test test-fast coverage check check-slow check-stream scan audit format lock data docs package release plan deploy fetch promote publish release-go release-prove release-commit releases deploy-page schema migrate privacy restore conformance chaos load load-overhead results cost reemit rollback deploy-local destroy-local prove-deployment prove prove-histories prove-state prove-wire prove-mutants prove-events prove-clients test-client test-page test-web test-browsers prove-page prove-client record-client prove-crashes game-day mutate structure bench bench-publishing bench-gateway clean

# Bad variables stop with a sentence at plan time.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
  jwt         = { issuer = "issuer", audience = "chat", jwks_url = "https://issuer.example/jwks.json" }
}

# Each run is bad in as many variables as it can be: a run costs a second, and names all that it expects. A variable that another
# one's rule looks at must be good where that rule is to speak.

run "names_and_words" {
  command = plan
  variables {
    name         = "Chat!"
    environment  = "Production"
    region       = "Frankfurt"
    table_names  = { core = "arn:aws:dynamodb:eu-central-1:123456789012:table/gg_core" }
    existing     = { kms_key = { arn = "alias/chat" }, alarm_topic = { arn = "on-call@example.com" }, api = { id = "https://x" } }
    secrets      = { AUDIT_KEY = "c2VjcmV0" } # the secret itself
    architecture = "x86"
    log_level    = "CRITICAL"
    objectives   = { fields = ["messages"] }
    account_id   = "1234"
    role_path    = "chat"

    permissions_boundary_arn = "boundary"
  }
  expect_failures = [
    var.name, var.environment, var.region, var.table_names, var.existing, var.secrets, var.architecture,
    var.log_level, var.objectives, var.account_id, var.role_path, var.permissions_boundary_arn,
  ]
}

run "numbers_out_of_bounds" {
  command = plan
  variables {
    authorizer_ttl_seconds = 3601
    query_depth_limit      = 4
    resolver_count_limit   = 0
    waf                    = { requests_per_5_minutes = 1 }
    log_retention_days     = 42
    objectives             = { availability_percent = 90 }
    limits                 = { retention_days = 6 }
    table_names            = { core = "gg", guild = "gg" }
    jwt                    = { issuer = "", audience = "", jwks_url = "https://issuer.example/jwks.json" }
    domain                 = { name = "chat.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1" }
    secrets                = { PASSWORD = "arn:aws:ssm:eu-central-1:123456789012:parameter/password" }
  }
  expect_failures = [
    var.authorizer_ttl_seconds, var.query_depth_limit, var.resolver_count_limit, var.waf, var.log_retention_days,
    var.objectives, var.limits, var.table_names, var.jwt,
    var.domain, var.secrets,
  ]
}

run "two_sources_of_public_keys_and_audit_events_that_end_before_the_logs" {
  command = plan
  variables {
    log_retention_days   = 400
    audit_retention_days = 30

    jwt  = { issuer = "issuer", audience = "chat", jwks_url = "https://issuer.example/jwks.json", jwks = "{\"keys\":[{\"kid\":\"1\"}]}" }
    page = { sign_in = [] } # nobody could sign in
  }
  expect_failures = [var.jwt, var.audit_retention_days, var.page]
}

run "public_keys_without_tls_and_services_for_everybody" {
  command = plan
  variables {
    jwt           = { issuer = "issuer", audience = "chat", jwks_url = "http://issuer.example/jwks.json" }
    guild_service = { role_arn = "*" }           # whoever may call them is one role
    limits        = { max_clock_skew_ms = 4000 } # and the patience for gaps as it is
    page          = { sign_in = [{ issuer = "http://login.example.com", client_id = "page" }] }
  }
  expect_failures = [var.jwt, var.guild_service, var.limits, var.page]
}

run "no_public_keys_and_an_address_for_a_name" {
  command = plan
  variables {
    jwt    = { issuer = "issuer", audience = "chat" }
    limits = { file_days = 36501 }
    domain = { name = "https://chat.example.com/", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1" }
  }
  expect_failures = [var.jwt, var.limits, var.domain]
}

run "more_concurrency_than_lambda_leaves" {
  command = plan
  variables {
    account_concurrency_limit = 1000
    reserved_concurrency      = { messages = 500, send_message = 401 }
    page                      = { sign_in = [{ issuer = "https://login.example.com;script-src", client_id = "page" }] } # it would write the policy
  }
  expect_failures = [var.account_concurrency_limit, var.page]
}

run "what_is_not_there_and_what_needs_an_api_that_is" {
  command = plan
  variables {
    fields               = ["Query.messages", "Subscription.onReceipt"] # without a mutation that feeds it
    schema_prefix        = "Chat"
    reserved_concurrency = { sync = 10 }
    existing             = { authorizer = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:theirs" } }
  }
  expect_failures = [var.fields, var.schema_prefix]
}

run "another_region_than_the_providers" {
  command = plan
  variables {
    region = "eu-west-1"
    tags   = { for number in range(9) : "tag${number}" => "x" } # an object of S3 has ten, and two are ours
    page   = { sign_in = [{ issuer = "https://login.example.com", client_id = "page" }] }
  }
  expect_failures = [data.aws_region.current, var.page]
}

run "an_unknown_algorithm" {
  command = plan
  variables {
    jwt    = { issuer = "issuer", audience = "chat", jwks_url = "https://issuer.example/jwks.json", algorithms = ["none"] }
    fields = ["Query.messages", "Mutation.sendMessage", "Subscription.onMessage"]
    page   = { sign_in = [{ issuer = "https://login.example.com", client_id = "page" }] } # which needs all
  }
  expect_failures = [var.jwt, var.page]
}

run "a_page_that_may_connect_to_anything" {
  command = plan
  variables {
    page = { sign_in = [{ issuer = "https://login.example.com", client_id = "page" }], connect = ["https://*"] }
  }
  expect_failures = [var.page]
}

run "an_objective_for_a_field_that_is_not_there" {
  command = plan
  variables {
    objectives = { budget_fields = ["Query.mesages"] }
    page = {
      sign_in = [{ issuer = "https://login.example.com", client_id = "page" }]
      domain  = { name = "chat.example.com", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1" }
    }
  }
  expect_failures = [aws_cloudwatch_composite_alarm.slo, var.page]
}

run "packages_that_were_not_built" {
  command = plan
  variables {
    packages = "../nowhere"
    page = { # the firewall of an API
      sign_in     = [{ issuer = "https://login.example.com", client_id = "page" }]
      web_acl_arn = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/api/1"
    }
  }
  expect_failures = [aws_lambda_layer_version.chat, var.page]
}

run "numbers_of_the_reader_out_of_bounds" {
  command = plan
  variables {
    events = { reader = { batch_size = 0, batching_window_seconds = 301, parallelization = 11, retries = -1, max_age_seconds = 604800, starting_position = "AT_TIMESTAMP" } }
    hooks  = { module = "acme/chat.py", layer_arns = [], timeout_ms = 1, on_failure = "ignore" }
  }
  expect_failures = [var.events, var.hooks]
}

run "a_directory_and_hosts_that_cannot_be" {
  command = plan
  variables {
    people = {
      directory    = { module = "acme/people.py", layer_arns = [], timeout_ms = 1 }
      avatar_hosts = ["https://pictures.example.com"]
    }
  }
  expect_failures = [var.people]
}

run "a_way_to_publish_that_is_none" {
  command = plan
  variables {
    publish = "both"
  }
  expect_failures = [var.publish]
}

run "a_queue_without_order_and_a_bus_by_its_name" {
  command = plan
  variables {
    events = { bus = {}, queue = {} }
    hooks  = { module = "acme.chat", layer_arns = ["arn:aws:lambda:eu-central-1:123456789012:layer:acme"] }
    existing = {
      event_bus   = { arn = "company" }
      event_queue = { arn = "arn:aws:sqs:eu-central-1:123456789012:theirs", url = "https://sqs.eu-central-1.amazonaws.com/123456789012/theirs" }
    }
  }
  expect_failures = [var.existing, var.hooks]
}

run "a_source_that_is_awss_own" {
  command = plan
  variables {
    events = { bus = { source = "aws.chat" } }
  }
  expect_failures = [var.events]
}

run "a_bus_and_a_queue_that_nobody_asks_for" {
  command = plan
  variables {
    existing = {
      event_bus   = { arn = "arn:aws:events:eu-central-1:123456789012:event-bus/company" }
      event_queue = { arn = "arn:aws:sqs:eu-central-1:123456789012:theirs.fifo", url = "https://sqs.eu-central-1.amazonaws.com/123456789012/theirs.fifo" }
    }
  }
  expect_failures = [var.existing]
}

run "an_existing_table_without_a_stream" {
  command = plan
  variables {
    events   = { bus = {} }
    existing = { tables = { guild = { name = "their_guild" } } }
  }
  expect_failures = [var.existing]
}

run "a_tables_arn_for_its_streams" {
  command = plan
  variables {
    existing = { tables = { guild = { name = "their_guild", stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/their_guild" } } }
  }
  expect_failures = [var.existing]
}

run "publishing_by_the_stream_into_an_api_without_iam_and_address" {
  command = plan
  variables {
    publish  = "stream"
    jwt      = null
    identity = [{ name = "theirs", type = "lambda" }]
    existing = { api = { id = "abcdefghijklmnopqrstuvwxyz" } }
  }
  expect_failures = [var.existing]
}

run "messages_that_wait_for_others" {
  command = plan
  variables {
    publish = "stream"
    events  = { bus = {}, reader = { batching_window_seconds = 5 } }
  }
  expect_failures = [var.events]
}

run "publishing_by_the_stream_to_nobody" {
  command = plan
  variables {
    publish = "stream"
    fields  = ["Query.messages", "Mutation.publishMessage"]
  }
  expect_failures = [var.fields]
}

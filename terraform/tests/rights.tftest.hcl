# What releases/ is told of each role, which is what the role may do; and rights that are kept for the release before.
# tests/terraform/test_rights_kept.py reads these plans as `make plan` does.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
  jwt         = { issuer = "issuer", audience = "chat", jwks_url = "https://issuer.example/jwks.json" }
  fields      = ["Query.messages", "Mutation.sendMessage", "Mutation.createUpload", "Subscription.onMessage", "Subscription.onMine", "Mutation.typing"]
  publish     = "stream"
  events      = { bus = {}, queue = {} }
  uploads     = { types = ["image/png"] }
  flags       = { extension_layer_arn = "arn:aws:lambda:eu-central-1:123456789012:layer:AWS-AppConfig-Extension-Arm64:99" }
  existing    = { kms_key = { arn = "arn:aws:kms:eu-central-1:123456789012:key/1" } }
}

run "made_anew" {
  command = plan
}

run "live" {
  command = apply

  assert {
    condition = alltrue([
      for module in keys(local.functions) : toset(flatten([
        for statement in concat(jsondecode(aws_iam_role_policy.function[module].policy).Statement, try(jsondecode(aws_iam_role_policy.reader[module].policy).Statement, [])) : [
          for action in flatten([statement.Action]) : [for place in flatten([statement.Resource]) : "${action} ${place}"]
        ] if !contains(["Logs", "Traces", "Streams", "StreamsOfTables"], statement.Sid) && !startswith(statement.Sid, "Table")
        ])) == toset(flatten([
        for grant in output.release.granted[module] : [
          for action in grant.actions : [for place in grant.places : "${action} ${place}" if startswith(place, "arn:") && action != "dynamodb:*"]
        ]
      ]))
    ])
    error_message = "A release must say what variables give each role, all of it and nothing else."
  }

  assert {
    condition = alltrue([
      for module, each in local.functions : alltrue([
        toset(flatten([for grant in output.release.granted[module] : grant.places if join(",", grant.actions) == "dynamodb:*"])) == toset([
          for statement in jsondecode(aws_iam_role_policy.function[module].policy).Statement : statement.Resource if startswith(statement.Sid, "Table")
        ]),
        alltrue([for right in each.rights : contains([for grant in output.release.granted[module] : "${join(",", grant.actions)} ${join(",", grant.places)}"], "${join(",", right.actions)} ${join(",", right.leadingKeys)}")]),
      ])
    ])
    error_message = "A release must say which tables each role is for, and what of them by the wiring."
  }
}

run "another_key" {
  command = plan

  variables {
    existing = { kms_key = { arn = "arn:aws:kms:eu-central-1:123456789012:key/2" } }
  }
}

run "another_key_beside_the_old_one" {
  command = plan

  variables {
    existing = { kms_key = { arn = "arn:aws:kms:eu-central-1:123456789012:key/2" } }
    retired_rights = [
      { functions = ["authorizer", "read_stream"], actions = ["kms:Decrypt"], resources = ["arn:aws:kms:eu-central-1:123456789012:key/1"] },
      { functions = ["read_stream"], actions = ["kms:GenerateDataKey"], resources = ["arn:aws:kms:eu-central-1:123456789012:key/1"] },
    ]
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.function["authorizer"].policy).Statement : statement if startswith(statement.Sid, "Retired")] == [
      { Sid = "Retired0", Effect = "Allow", Action = ["kms:Decrypt"], Resource = ["arn:aws:kms:eu-central-1:123456789012:key/1"] },
    ]
    error_message = "A retired right must go to the functions that it names."
  }
}

run "without_files_events_or_flags" {
  command = plan

  variables {
    publish = "sender"
    events  = {}
    uploads = null
    flags   = null
  }
}

run "retired_rights_of_nobody_and_of_everything" {
  command = plan

  variables {
    retired_rights = [
      { functions = ["nobody"], actions = ["kms:Decrypt"], resources = ["arn:aws:kms:eu-central-1:123456789012:key/1"] },
      { functions = ["messages"], actions = ["kms:*"], resources = ["*"] },
    ]
  }

  expect_failures = [var.retired_rights]
}

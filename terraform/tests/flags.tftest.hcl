# Flags: who is told of them, what they may read, and what is deployed first.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
  jwt         = { issuer = "issuer", audience = "chat", jwks_url = "https://issuer.example/jwks.json" }
}

run "none_unless_they_are_wanted" {
  command = plan

  assert {
    condition = length(aws_appconfig_application.chat) == 0 && length(aws_appconfig_deployment.flags) == 0 && !contains(keys(local.alarms), "flags-unreadable.all") && output.flags == null && alltrue([
      for module, function in aws_lambda_function.chat : alltrue([
        for name in keys(function.environment[0].variables) : !startswith(name, "FLAGS") && !startswith(name, "AWS_APPCONFIG")
      ]) && length(local.layers[module]) == 2
    ])
    error_message = "Without flags nobody is told of any, and nothing of it is made."
  }
}

run "those_that_can_be_switched_off_are_told" {
  command = apply

  variables {
    flags = { extension_layer_arn = "arn:aws:lambda:eu-central-1:123456789012:layer:AWS-AppConfig-Extension-Arm64:99", seconds = 20 }
  }

  assert {
    condition = toset([for module, each in local.functions : module if contains(each.settings, "FLAGS")]) == toset([
      "typing", "presence", "mark_read", "mark_delivered", "receipts", "react", "reactions", "create_upload", "search_people", "export_my_data",
    ])
    error_message = "What is essential must not be told of flags."
  }

  assert {
    condition = alltrue([
      for module, function in aws_lambda_function.chat : (
        contains(local.functions[module].settings, "FLAGS")
        ? alltrue([
          contains(local.layers[module], "arn:aws:lambda:eu-central-1:123456789012:layer:AWS-AppConfig-Extension-Arm64:99"),
          function.environment[0].variables["FLAGS"] == "appconfig:${aws_appconfig_application.chat["chat"].id}/${aws_appconfig_environment.flags["chat"].environment_id}/${aws_appconfig_configuration_profile.flags["chat"].configuration_profile_id}",
          function.environment[0].variables["FLAGS_SECONDS"] == "20",
          function.environment[0].variables["AWS_APPCONFIG_EXTENSION_POLL_INTERVAL_SECONDS"] == "20",
          function.environment[0].variables["AWS_APPCONFIG_EXTENSION_PREFETCH_LIST"] == "/applications/${aws_appconfig_application.chat["chat"].id}/environments/${aws_appconfig_environment.flags["chat"].environment_id}/configurations/${aws_appconfig_configuration_profile.flags["chat"].configuration_profile_id}",
        ])
        : length(local.layers[module]) == 2 && !contains(keys(function.environment[0].variables), "FLAGS") && !contains(keys(function.environment[0].variables), "AWS_APPCONFIG_EXTENSION_PREFETCH_LIST")
      )
    ])
    error_message = "The functions that can be switched off must have the extension and know where flags are, and no other."
  }

  assert {
    condition = alltrue([
      for module, policy in aws_iam_role_policy.function : jsonencode([
        for statement in jsondecode(policy.policy).Statement : [statement.Action, statement.Resource] if statement.Sid == "Flags"
        ]) == (contains(local.functions[module].settings, "FLAGS") ? jsonencode([[
          ["appconfig:GetLatestConfiguration", "appconfig:StartConfigurationSession"],
          "arn:aws:appconfig:eu-central-1:123456789012:application/abc1234/environment/def5678/configuration/0123abc",
      ]]) : "[]")
    ])
    error_message = "They must read this one configuration, and nobody else may."
  }

  assert {
    condition = alltrue([
      aws_appconfig_configuration_profile.flags["chat"].type == "AWS.AppConfig.FeatureFlags",
      aws_appconfig_hosted_configuration_version.flags[local.flags_version].content == file("./flags.json"),
      aws_appconfig_deployment.flags["chat"].configuration_version == tostring(aws_appconfig_hosted_configuration_version.flags[local.flags_version].version_number),
      aws_appconfig_deployment_strategy.flags["chat"].growth_factor == 100,
      aws_appconfig_deployment_strategy.flags["chat"].deployment_duration_in_minutes == 0,
      length(aws_appconfig_environment.flags["chat"].monitor) == 0,
    ])
    error_message = "The document is deployed at once, and no alarm takes back what sheds load."
  }

  assert {
    condition     = local.alarms["flags-unreadable.all"].dimensions == { deployment = "chat-test" }
    error_message = "Whether flags can be read is watched for all functions at once."
  }

  assert {
    condition     = output.flags.strategy == aws_appconfig_deployment_strategy.flags["chat"].id
    error_message = "An operator is told what to call."
  }
}

run "a_document_of_ones_own" {
  command = plan

  variables {
    flags = {
      extension_layer_arn = "arn:aws:lambda:eu-central-1:123456789012:layer:AWS-AppConfig-Extension:99"
      document            = "{\"version\":\"1\",\"flags\":{\"typing\":{}},\"values\":{\"typing\":{\"enabled\":false,\"owner\":\"acme\",\"end\":\"2999-01-31\"}}}"
    }
  }

  assert {
    condition     = aws_appconfig_hosted_configuration_version.flags[local.flags_version].content == var.flags.document
    error_message = "A document of one's own takes the place of ours."
  }
}

run "one_that_has_ended_is_told_and_holds_nobody_up" {
  command = plan

  variables {
    flags = {
      extension_layer_arn = "arn:aws:lambda:eu-central-1:123456789012:layer:AWS-AppConfig-Extension:99"
      document            = "{\"version\":\"1\",\"flags\":{\"typing\":{}},\"values\":{\"typing\":{\"enabled\":true,\"owner\":\"acme\",\"end\":\"2020-01-31\"}}}"
    }
  }

  expect_failures = [check.flags_have_not_ended]
}

run "what_is_essential_cannot_be_flagged" {
  command = plan

  variables {
    flags = {
      extension_layer_arn = "AWS-AppConfig-Extension"
      document            = "{\"version\":\"1\",\"flags\":{\"sendMessage\":{}},\"values\":{\"sendMessage\":{\"enabled\":false,\"owner\":\"acme\",\"end\":\"2999-01-31\"}}}"
    }
  }

  expect_failures = [var.flags]
}

run "without_an_owner_there_is_none" {
  command = plan

  variables {
    flags = {
      extension_layer_arn = "arn:aws:lambda:eu-central-1:123456789012:layer:AWS-AppConfig-Extension:99"
      document            = "{\"version\":\"1\",\"flags\":{\"typing\":{}},\"values\":{\"typing\":{\"enabled\":false,\"end\":\"2999-01-31\"}}}"
    }
  }

  expect_failures = [var.flags]
}

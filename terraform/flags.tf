# What an operator switches off without a deployment: feature flags in AppConfig, which its extension reads for the functions that
# can be switched off (those whose wiring lists FLAGS). docs/deployment.md.

locals {
  flags          = var.flags == null ? {} : { chat = var.flags }
  flags_document = coalesce(try(var.flags.document, null), file("${path.module}/flags.json"))
  flags_version  = substr(sha256(local.flags_document), 0, 8)
  flag_values    = try(jsondecode(local.flags_document).values, {})
  flag_names     = keys(jsondecode(file("${path.module}/flags.json")).flags)

  flags_at = {
    for key in keys(local.flags) : key => {
      application = aws_appconfig_application.chat[key].id
      environment = aws_appconfig_environment.flags[key].environment_id
      profile     = aws_appconfig_configuration_profile.flags[key].configuration_profile_id
    }
  }

  flag_settings = merge([
    for key, at in local.flags_at : {
      FLAGS         = "appconfig:${at.application}/${at.environment}/${at.profile}"
      FLAGS_SECONDS = tostring(local.flags[key].seconds)
    }
  ]...)

  # What the extension itself is told: https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-integration-lambda-extensions-config.html
  extension_settings = merge([
    for key, at in local.flags_at : {
      AWS_APPCONFIG_EXTENSION_PREFETCH_LIST         = "/applications/${at.application}/environments/${at.environment}/configurations/${at.profile}"
      AWS_APPCONFIG_EXTENSION_POLL_INTERVAL_SECONDS = tostring(local.flags[key].seconds)
      AWS_APPCONFIG_EXTENSION_LOG_LEVEL             = "error"
    }
  ]...)

  flag_statements = {
    for module, each in local.functions : module => [
      for key, at in local.flags_at : {
        Sid      = "Flags"
        Effect   = "Allow"
        Action   = ["appconfig:GetLatestConfiguration", "appconfig:StartConfigurationSession"]
        Resource = "arn:${local.partition}:appconfig:${var.region}:${local.account}:application/${at.application}/environment/${at.environment}/configuration/${at.profile}"
      } if contains(each.settings, "FLAGS")
    ]
  }
}

resource "aws_appconfig_application" "chat" {
  for_each = local.flags

  name        = local.prefix
  description = "Configuration that is changed without a deployment of functions."
  tags        = local.tags
}

# No alarm watches its deployments: AppConfig would take back what sheds load while the alarm rings that it is to end.
resource "aws_appconfig_environment" "flags" {
  for_each = local.flags

  name           = var.environment
  description    = "What runs."
  application_id = aws_appconfig_application.chat[each.key].id
  tags           = local.tags
}

resource "aws_appconfig_configuration_profile" "flags" {
  for_each = local.flags

  name           = "flags"
  description    = "What is switched off: docs/runbook.md."
  application_id = aws_appconfig_application.chat[each.key].id
  location_uri   = "hosted"
  type           = "AWS.AppConfig.FeatureFlags"
  tags           = local.tags
}

# At once, and without a time of watching: whoever sheds load waits for nothing.
resource "aws_appconfig_deployment_strategy" "flags" {
  for_each = local.flags

  name                           = "${local.prefix}-at-once"
  description                    = "Everybody at once."
  deployment_duration_in_minutes = 0
  final_bake_time_in_minutes     = 0
  growth_factor                  = 100
  replicate_to                   = "NONE"
  tags                           = local.tags
}

# What operators deploy beside this stays: only another document is another version, which throws all switches as it says. So a
# version is known by its document, and not looked at again: AppConfig adds instants to it.
resource "aws_appconfig_hosted_configuration_version" "flags" {
  for_each = { for key in keys(local.flags) : local.flags_version => key }

  application_id           = aws_appconfig_application.chat[each.value].id
  configuration_profile_id = aws_appconfig_configuration_profile.flags[each.value].configuration_profile_id
  description              = "By Terraform."
  content_type             = "application/json"
  content                  = local.flags_document

  lifecycle {
    ignore_changes = [content]
  }
}

resource "aws_appconfig_deployment" "flags" {
  for_each = local.flags

  application_id           = aws_appconfig_application.chat[each.key].id
  configuration_profile_id = aws_appconfig_configuration_profile.flags[each.key].configuration_profile_id
  configuration_version    = aws_appconfig_hosted_configuration_version.flags[local.flags_version].version_number
  deployment_strategy_id   = aws_appconfig_deployment_strategy.flags[each.key].id
  environment_id           = aws_appconfig_environment.flags[each.key].environment_id
  description              = "By Terraform."
  tags                     = local.tags
}

# A warning: whoever has to deploy is not held up by it.
check "flags_have_not_ended" {
  assert {
    condition     = var.flags == null || alltrue([for value in values(local.flag_values) : try(timecmp("${value.end}T23:59:59Z", plantimestamp()) >= 0, true)])
    error_message = "Flags have ended, and are to be removed or renewed: ${join(", ", [for name, value in local.flag_values : "${name} (${value.owner})" if try(timecmp("${value.end}T23:59:59Z", plantimestamp()) < 0, false)])}."
  }
}

# One deployment with its own provider and state: what `make plan`, `make deploy` and `make rollback` use. Its variables are the
# module's, each passed on, and some names from before, which go into `existing`.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Where the state is kept is configuration: environments/<environment>.s3.tfbackend.
  backend "s3" {}
}

provider "aws" {
  region = var.region
}

locals {
  table_names = { core = try(coalesce(var.table_names.core), "gg_core"), guild = try(coalesce(var.table_names.guild), "gg_guild") }

  existing = merge(
    {
      for what, thing in {
        tables      = length(coalesce(var.existing_tables, [])) == 0 ? null : { for key, name in local.table_names : key => { name = name } if contains(var.existing_tables, key) }
        kms_key     = var.kms_key_arn == null ? null : { arn = var.kms_key_arn }
        alarm_topic = var.alarm_topic_arn == null ? null : { arn = var.alarm_topic_arn }
      } : what => thing if thing != null
    },
    var.existing,
  )
}

module "chat" {
  source = "../.."

  name                     = var.name
  environment              = var.environment
  region                   = var.region
  account_id               = var.account_id
  tags                     = var.tags
  deletion_protection      = var.deletion_protection
  recovery_period_in_days  = var.recovery_period_in_days
  role_path                = var.role_path
  permissions_boundary_arn = var.permissions_boundary_arn
  region_in_role_names     = coalesce(var.region_in_role_names, false) # as deployments from before have it

  existing    = local.existing
  table_names = local.table_names

  identity               = var.identity
  jwt                    = var.jwt
  token_marker           = var.token_marker
  authorizer_ttl_seconds = var.authorizer_ttl_seconds
  secrets                = var.secrets

  fields               = var.fields
  schema_prefix        = var.schema_prefix
  query_depth_limit    = var.query_depth_limit
  resolver_count_limit = var.resolver_count_limit
  enhanced_metrics     = var.enhanced_metrics
  waf                  = var.waf
  domain               = one([for domain in [var.domain] : merge({ for id in [try(domain.zone_id, null)] : "zone" => { id = id } if id != null }, domain) if domain != null])

  generation                   = var.generation
  allow_unfenced_subscriptions = var.allow_unfenced_subscriptions
  limits                       = var.limits
  adding_needs_consent         = var.adding_needs_consent
  erasure_keeps_bans           = var.erasure_keeps_bans
  history_from                 = var.history_from
  short_codes                  = var.short_codes
  guild_service                = var.guild_service_role_arn == null ? var.guild_service : { role_arn = var.guild_service_role_arn }
  uploads                      = var.uploads

  publish     = var.publish
  events      = var.events
  projections = var.projections
  hooks       = var.hooks
  people      = var.people
  flags       = var.flags

  packages                  = var.packages
  packages_in_s3            = var.packages_in_s3
  architecture              = var.architecture
  snap_start                = var.snap_start
  reserved_concurrency      = var.reserved_concurrency
  account_concurrency_limit = var.account_concurrency_limit
  retired_rights            = var.retired_rights
  log_level                 = var.log_level

  log_retention_days   = var.log_retention_days
  audit_retention_days = var.audit_retention_days
  objectives           = var.objectives
  trace_groups         = var.trace_groups
  trace_messages       = var.trace_messages
  saved_queries        = var.saved_queries

  gateway = var.gateway
  page    = var.page
}

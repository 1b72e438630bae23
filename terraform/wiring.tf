# The wiring is written down once, in resolvers/wiring.json: which field is which module, with which rights, secrets and
# settings. Everything that exists once for each function is made by for_each over what is read here.

locals {
  wiring = jsondecode(file("${path.module}/../resolvers/wiring.json"))

  # "Query.messages" => { type = "Query", name = "messages", field = "chatMessages" with the prefix Chat, module = "messages" }
  fields = {
    for name, each in local.wiring.fields : name => {
      type   = split(".", name)[0]
      field  = local.field_names[name]
      module = each.module
    } if can(each.publish) ? each.publish == var.publish : var.fields == null || contains(coalesce(var.fields, []), name) || (name == local.publishing_mine && contains(coalesce(var.fields, []), "Subscription.onMine"))
  }
  publishing      = "Mutation.publishMessage" # what the stream's reader calls; no choice of fields names it
  publishing_mine = "Mutation.publishMine"    # what tells people of themselves calls

  # The name of a field in an API with a prefix: chat/rules/schema_names.py.
  field_prefix = "${lower(substr(var.schema_prefix, 0, 1))}${substr(var.schema_prefix, 1, -1)}"
  field_names = {
    for name in keys(local.wiring.fields) : name => (
      var.schema_prefix == "" ? split(".", name)[1]
      : "${local.field_prefix}${upper(substr(split(".", name)[1], 0, 1))}${substr(split(".", name)[1], 1, -1)}"
    )
  }

  # Functions of ours that another service, a schedule or a stream calls, and AppSync does not. With some fields only: the guilds'
  # where somebody may call it, and what does the work in the background where a function of these leaves any. What tells of events
  # is there where somebody wants to hear of them.
  services = {
    for name, each in lookup(local.wiring, "services", {}) : name => each
    if contains(keys(local.event_services), name) ? local.event_services[name] : var.fields == null || (can(each.schedule) ? local.leaves_work : var.guild_service != null)
  }
  leaves_work = anytrue(flatten([
    for each in concat([for name in keys(local.fields) : local.wiring.fields[name]], var.guild_service == null ? [] : [local.wiring.services.guild_membership]) : [
      for right in each.rights : contains(right.leadingKeys, "JOBS") || contains(right.leadingKeys, "DUE")
    ]
  ]))

  functions = merge(
    local.has_authorizer ? { (local.wiring.authorizer.module) = local.wiring.authorizer } : {},
    { for name in keys(local.fields) : local.wiring.fields[name].module => local.wiring.fields[name] },
    { for each in values(local.services) : each.module => each },
  )
  scheduled = { for each in values(local.services) : each.module => each if can(each.schedule) } # what a schedule calls
  folders   = { for module in keys(local.functions) : module => contains([for each in local.services : each.module], module) ? "services" : "resolvers" }

  # What a function may be told, under the names that its code reads. A function gets those that its wiring lists.
  settings = merge(
    {
      CORE_TABLE                   = local.tables.core.name
      GUILD_TABLE                  = local.tables.guild.name
      GENERATION                   = tostring(var.generation)
      AUTHORIZER_TTL_SECONDS       = tostring(var.authorizer_ttl_seconds)
      ALLOW_UNFENCED_SUBSCRIPTIONS = tostring(var.allow_unfenced_subscriptions)
      ADDING_NEEDS_CONSENT         = tostring(var.adding_needs_consent)
      ERASURE_KEEPS_BANS           = tostring(var.erasure_keeps_bans)
      HISTORY_FROM                 = var.history_from
      PUBLISH                      = var.publish
      TRACE_MESSAGES               = tostring(var.trace_messages)
      PROJECTIONS                  = tostring(local.projects)
      SCHEMA_PREFIX                = var.schema_prefix
    },
    local.jwt_settings,
    local.identity_settings,
    local.upload_settings,
    local.event_settings,
    local.taken_back_settings,
    local.hook_settings,
    { for codes in [var.short_codes] : "SHORT_CODES" => join(",", codes) if length(codes) > 0 },
    local.people_settings,
    local.flag_settings,
    { for module in keys(local.readers) : "PUBLISHER_ROLE" => aws_iam_role.function[module].arn if local.publishes && module == local.stream_reader },
    { for module in keys(local.readers) : "PROJECTOR_ROLE" => aws_iam_role.function[module].arn if local.publishes && module == local.projector },
    # Notifications that nobody would hear of, or nobody judge, are not made.
    { for name, after in { NOTIFY_AFTER_S = "0" } : name => after if !(local.has_bus || local.has_queue) || !contains(keys(local.services), "run_jobs") },
    { for name, number in var.limits : upper(name) => tostring(number) if number != null },
  )

  # Listed by a wiring, and without a value under some variables.
  optional_settings = ["JWT_ISSUER", "JWT_AUDIENCE", "JWT_ALGORITHMS", "JWT_JWKS_URL", "JWT_JWKS", "IDENTITY", "TOKEN_MARKER", "UPLOADS_BUCKET", "UPLOAD_TYPES", "MAX_UPLOAD_BYTES",
    "PUBLISHER_ROLE", "PROJECTOR_ROLE", "EVENT_BUS", "EVENT_SOURCE", "EVENT_QUEUE_URL", "EVENT_TEXT", "DEAD_LETTER_QUEUE_URL", "TAKEN_BACK_BUCKET", "TAKEN_BACK_KEY",
  "CHAT_HOOKS", "CHAT_HOOKS_TIMEOUT_MS", "CHAT_HOOKS_ON_FAILURE", "PEOPLE_DIRECTORY", "PEOPLE_DIRECTORY_TIMEOUT_MS", "AVATAR_HOSTS", "SHORT_CODES", "FLAGS", "FLAGS_SECONDS"]
  known_settings = concat(keys(local.settings), local.optional_settings, [for name in keys(var.limits) : upper(name)])

  # What a function is told: the values of the settings and the references of the secrets that its wiring lists.
  environments = {
    for module, each in local.functions : module => merge(
      { LOG_LEVEL = var.log_level, DEPLOYMENT_NAME = local.prefix },
      { for name, value in local.settings : name => value if contains(each.settings, name) },
      { for name in local.used_secrets[module] : name => local.secret_arns[name] },
      { for name, value in local.extension_settings : name => value if contains(each.settings, "FLAGS") },
    )
  }

  # Rules of a team's own go to the functions that ask them.
  hook_settings = {
    for name, value in {
      CHAT_HOOKS            = try(var.hooks.module, null)
      CHAT_HOOKS_TIMEOUT_MS = try(tostring(var.hooks.timeout_ms), null)
      CHAT_HOOKS_ON_FAILURE = try(var.hooks.on_failure, null)
    } : name => value if value != null
  }

  # What people are called, where a directory of the team's says it: asked by the functions that are told how long it may take.
  people_settings = {
    for name, value in {
      PEOPLE_DIRECTORY            = try(var.people.directory.module, null)
      PEOPLE_DIRECTORY_TIMEOUT_MS = try(tostring(var.people.directory.timeout_ms), null)
      AVATAR_HOSTS                = length(var.people.avatar_hosts) == 0 ? null : join(",", var.people.avatar_hosts)
    } : name => value if value != null
  }
  layers = {
    for module, each in local.functions : module => concat(
      [for name in ["dependencies", "chat"] : aws_lambda_layer_version.chat[name].arn],
      contains(each.settings, "CHAT_HOOKS") ? try(var.hooks.layer_arns, []) : [],
      contains(each.settings, "PEOPLE_DIRECTORY_TIMEOUT_MS") ? try(var.people.directory.layer_arns, []) : [],
      contains(each.settings, "FLAGS") ? values(local.flags)[*].extension_layer_arn : [],
    )
  }

  jwt_settings = {
    for name, value in {
      JWT_ISSUER     = try(var.jwt.issuer, null)
      JWT_AUDIENCE   = try(var.jwt.audience, null)
      JWT_ALGORITHMS = try(join(",", var.jwt.algorithms), null)
      JWT_JWKS_URL   = try(var.jwt.jwks_url, null)
      JWT_JWKS       = try(var.jwt.jwks, null)
    } : name => value if value != null
  }

  # Secrets that have no use under these variables are neither made nor granted.
  unused_secrets = contains(try(var.jwt.algorithms, []), "HS256") ? [] : ["JWT_SECRET"]
  used_secrets = {
    for module, each in local.functions : module => setsubtract(each.secrets, local.unused_secrets)
  }
}

# The wiring is written down once, in resolvers/wiring.json: which field is which module, with which rights, secrets and
# settings. Everything that exists once for each function is made by for_each over what is read here.

locals {
  prefix    = "${var.name}-${var.environment}"
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  wiring    = jsondecode(file("${path.module}/../resolvers/wiring.json"))
  services  = lookup(local.wiring, "services", {}) # functions of ours that other services call, and AppSync does not
  functions = { for each in concat([local.wiring.authorizer], values(local.wiring.fields), values(local.services)) : each.module => each }
  scheduled = { for each in values(local.services) : each.module => each if can(each.schedule) } # of these, what a schedule calls
  folders   = { for module in keys(local.functions) : module => contains([for each in local.services : each.module], module) ? "services" : "resolvers" }

  # "Query.messages" => { type = "Query", field = "messages", module = "messages" }
  fields = {
    for name, each in local.wiring.fields : name => {
      type   = split(".", name)[0]
      field  = split(".", name)[1]
      module = each.module
    }
  }

  # What a function may be told, under the names that its code reads. A function gets those that its wiring lists.
  settings = {
    for name, value in merge(
      {
        CORE_TABLE                   = local.tables.core.name
        GUILD_TABLE                  = local.tables.guild.name
        GENERATION                   = tostring(var.generation)
        JWT_ISSUER                   = var.jwt.issuer
        JWT_AUDIENCE                 = var.jwt.audience
        JWT_ALGORITHMS               = join(",", var.jwt.algorithms)
        JWT_JWKS_URL                 = var.jwt.jwks_url
        JWT_JWKS                     = var.jwt.jwks
        AUTHORIZER_TTL_SECONDS       = tostring(var.authorizer_ttl_seconds)
        ALLOW_UNFENCED_SUBSCRIPTIONS = tostring(var.allow_unfenced_subscriptions)
        ADDING_NEEDS_CONSENT         = tostring(var.adding_needs_consent)
      },
      { for name, number in var.limits : upper(name) => try(tostring(number), null) },
      local.upload_settings,
    ) : name => value if value != null
  }

  # Secrets that have no use under these variables are neither made nor granted.
  unused_secrets = contains(var.jwt.algorithms, "HS256") ? [] : ["JWT_SECRET"]
  used_secrets = {
    for module, each in local.functions : module => setsubtract(each.secrets, local.unused_secrets)
  }
}

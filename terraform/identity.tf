# Who may call: the sources of var.identity, and what they make of an API of ours. What a source may say is judged by the code
# that reads IDENTITY (chat/identity/sources.py); here is only what Terraform itself needs of it.

locals {
  # The gateway's role is a caller of the source of type iam, which is made where there is none.
  gateway_callers = { for key, each in local.gateway : key => { role = local.gateway_role_arn, userId = "gateway", roles = ["gateway"] } if each.service_auth == "iam" }

  identity = concat(
    [
      for source in var.identity : merge(source, {
        for key, caller in local.gateway_callers : "callers" => concat(try(source.callers, []), [caller]) if source.type == "iam"
      })
    ],
    [
      for key, caller in local.gateway_callers : { name = "gateway", type = "iam", prefix = "gateway:", callers = [caller] }
      if !anytrue([for source in var.identity : source.type == "iam"])
    ],
  )

  identity_settings = {
    for name, value in {
      IDENTITY     = length(var.identity) == 0 ? null : jsonencode(local.identity)
      TOKEN_MARKER = var.token_marker == "" ? null : var.token_marker
    } : name => value if length(var.identity) > 0
  }

  verified_by = { for source in var.identity : source.name => try(tolist(source.verifiedBy), ["appsync"]) if contains(["cognito", "oidc"], source.type) }

  # Our own authorizer, or that of a source of type lambda.
  has_authorizer   = var.jwt != null || anytrue([for verifiers in values(local.verified_by) : contains(verifiers, "authorizer")])
  their_authorizer = anytrue([for source in var.identity : source.type == "lambda"])
  authorizer_arns = concat(
    [for alias in [aws_lambda_alias.live] : alias[local.wiring.authorizer.module].arn if local.has_authorizer],
    [for authorizer in [var.existing.authorizer] : authorizer.arn if local.their_authorizer && local.makes_api],
  )

  # What AppSync verifies by itself. Two sources of one issuer are one mode, for the clients of both. Issuers may be unknown at
  # plan, so they are compared only where two sources have the same type.
  token_sources = [for source in var.identity : source if contains(try(local.verified_by[source.name], []), "appsync")]
  token_modes = [
    for index, source in local.token_sources : {
      type    = source.type == "cognito" ? "AMAZON_COGNITO_USER_POOLS" : "OPENID_CONNECT"
      issuer  = source.issuer
      pool    = source.type == "cognito" ? reverse(split("/", source.issuer))[0] : null # eu-central-1_Ab12Cd34E
      clients = "^(${join("|", [for client in local.token_clients[index] : replace(client, "/([^0-9A-Za-z_-])/", "\\$1")])})$"
    } if !anytrue([for earlier in slice(local.token_sources, 0, index) : earlier.issuer == source.issuer if earlier.type == source.type])
  ]
  token_clients = [
    for index, source in local.token_sources : distinct(flatten([
      for one in [
        for other, each in local.token_sources : { source = each, is_same = other == index ? true : each.issuer == source.issuer } if each.type == source.type
      ] : [try(one.source.clients, []), try(one.source.audiences, [])] if one.is_same
    ]))
  ]

  # The modes of an API of ours, the default one first: our authorizer, else theirs, else that of the first source.
  other_modes = concat(
    local.token_modes,
    [for source in local.identity : { type = "AWS_IAM", issuer = null, pool = null, clients = null } if source.type == "iam"],
  )
  lambda_modes = [for on in [local.has_authorizer || local.their_authorizer] : { type = "AWS_LAMBDA", issuer = null, pool = null, clients = null } if on]
  first_type   = try({ cognito = "AMAZON_COGNITO_USER_POOLS", oidc = "OPENID_CONNECT", iam = "AWS_IAM" }[local.identity[0].type], "AWS_LAMBDA")
  modes = concat(
    local.lambda_modes,
    [for mode in local.other_modes : mode if length(local.lambda_modes) == 0 && mode.type == local.first_type],
    [for mode in local.other_modes : mode if length(local.lambda_modes) > 0 || mode.type != local.first_type],
  )
  default_mode = local.modes[0]
  additional_modes = concat(
    slice(local.modes, 1, length(local.modes)),
    # By which the stream's reader publishes. People do not read by it, unless a source says so.
    [for type in ["AWS_IAM"] : { type = type, issuer = null, pool = null, clients = null } if local.publishes && !contains(local.modes[*].type, type)],
  )
}

# The schema of an API of ours, put together of the parts in schema.json, which `make data` makes of resolvers/schema.graphql.
# `make schema` prints the same for an API that is there; tests/terraform holds the two together.

locals {
  schema_parts = jsondecode(file("${path.module}/schema.json"))

  # Unmarked types and fields are for the default mode alone; with more modes, each must be named.
  mode_directives = { AWS_LAMBDA = "@aws_lambda", AMAZON_COGNITO_USER_POOLS = "@aws_cognito_user_pools", OPENID_CONNECT = "@aws_oidc", AWS_IAM = "@aws_iam" }
  mode_types      = distinct(local.modes[*].type)
  directives = length(local.mode_types) == 1 ? "" : join("", [
    for type in ["AWS_LAMBDA", "AMAZON_COGNITO_USER_POOLS", "OPENID_CONNECT", "AWS_IAM"] : " ${local.mode_directives[type]}" if contains(local.mode_types, type)
  ])

  # What the internal mutation answers is read by IAM as well, where the stream's reader publishes.
  published_types = distinct(concat(local.mode_types, var.publish == "stream" ? ["AWS_IAM"] : []))
  published_directives = length(local.published_types) == 1 ? "" : join("", [
    for type in ["AWS_LAMBDA", "AMAZON_COGNITO_USER_POOLS", "OPENID_CONNECT", "AWS_IAM"] : " ${local.mode_directives[type]}" if contains(local.published_types, type)
  ])

  schema_fields = [for each in local.schema_parts.fields : each if contains(keys(local.fields), each.name)]
  schema_roots  = [for root in local.schema_parts.roots : root if contains(local.schema_fields[*].root, root.name)]

  schema = replace(replace(replace(join("\n\n", concat(
    [join("\n", concat(["schema {"], [for root in local.schema_roots : "  ${root.operation}: ${root.name}"], ["}"]))],
    [
      for root in local.schema_roots : join("\n", concat(
        [root.description, "type ${root.name} {"],
        [
          for each in local.schema_fields :
          replace(each.text, "[\"@mutations\"]", jsonencode([for name in each.mutations[var.publish] : name if contains(keys(local.fields), "Mutation.${name}")]))
          if each.root == root.name
        ],
        ["}"],
      ))
    ],
    local.schema_parts.types,
  )), " @published", local.published_directives), " @internal", var.publish == "stream" ? " @aws_iam" : local.directives), " @auth", local.directives)
}

# What ECS may do to start a task; and what the task may, where the service calls the API by its role in place of a token.

locals {
  trust_in_tasks = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })

  gateway_task_role_name = "${local.gateway_name}-task${local.role_suffix}"
  gateway_role_arn       = "arn:${local.partition}:iam::${local.account}:role${var.role_path}${local.gateway_task_role_name}"

  # What the service asks in its own name: docs/gateway.md. Whatever people do, they do with their own tokens.
  gateway_fields = ["Query.room", "Query.changes", "Query.messages", "Subscription.onMessage", "Subscription.onReceipt", "Subscription.onTyping"]

  # What it does without where the API has only some fields.
  gateway_options = [for name in ["Mutation.heartbeats", "Subscription.onMine"] : name if contains(keys(local.fields), name)]
}

resource "aws_iam_role" "gateway_start" {
  for_each = local.gateway

  name                 = "${local.gateway_name}-start${local.role_suffix}"
  description          = "What ECS may do to start a gateway's task."
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary_arn
  tags                 = local.tags

  assume_role_policy = local.trust_in_tasks
}

resource "aws_iam_role_policy" "gateway_start" {
  for_each = local.gateway

  name = "start"
  role = aws_iam_role.gateway_start[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        for arn in [each.value.token_secret_arn] : {
          Sid      = "Token"
          Effect   = "Allow"
          Action   = "secretsmanager:GetSecretValue"
          Resource = arn
        } if each.value.service_auth == "token"
      ],
      [
        for arn in [each.value.token_key_arn] : {
          Sid       = "TokenKey"
          Effect    = "Allow"
          Action    = "kms:Decrypt"
          Resource  = arn
          Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
        } if each.value.service_auth == "token" && arn != null
      ],
      [
        {
          Sid      = "Logs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${aws_cloudwatch_log_group.gateway[each.key].arn}:*"
        },
      ],
      [
        for statement in [
          {
            Sid      = "Image"
            Effect   = "Allow"
            Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
            Resource = each.value.repository_arn
          },
          {
            Sid      = "ImageLogin"
            Effect   = "Allow"
            Action   = ["ecr:GetAuthorizationToken"]
            Resource = "*" # ECR knows no resources for this: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
          },
        ] : statement if each.value.repository_arn != null
      ],
    )
  })
}

resource "aws_iam_role" "gateway_task" {
  for_each = { for key, each in local.gateway : key => each if each.service_auth == "iam" }

  name                 = local.gateway_task_role_name
  description          = "What the gateway's service may ask the API."
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = local.trust_in_tasks
  tags                 = local.tags
}

resource "aws_iam_role_policy" "gateway_task" {
  for_each = aws_iam_role.gateway_task

  name = "api"
  role = each.value.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "appsync:GraphQL"
      Resource = [for name in concat(local.gateway_fields, local.gateway_options) : "${local.api.arn}/types/${split(".", name)[0]}/fields/${local.field_names[name]}"]
    }]
  })
}

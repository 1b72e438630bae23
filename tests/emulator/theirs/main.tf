# An API that another team has made: its own schema, its own resolver, its own Lambda authorizer. Parts of the chat's schema are in
# its schema, and nothing else of the chat is here. (The authorizer happens to run our authorizer's code: it verifies tokens, and
# what it answers is a context like any other.)

variable "region" { type = string }
variable "schema" { type = string }
variable "packages" { type = string }
variable "architecture" { type = string }
variable "jwt" { type = map(string) }
variable "iam" { type = bool }

provider "aws" {
  region = var.region
}

resource "aws_appsync_graphql_api" "theirs" {
  name                = "shop"
  authentication_type = "AWS_LAMBDA"
  schema              = file(var.schema)

  lambda_authorizer_config {
    authorizer_uri                   = aws_lambda_function.authorizer.arn
    authorizer_result_ttl_in_seconds = 0
  }

  dynamic "additional_authentication_provider" {
    for_each = var.iam ? ["AWS_IAM"] : []
    content {
      authentication_type = additional_authentication_provider.value
    }
  }
}

resource "aws_appsync_datasource" "order" {
  api_id = aws_appsync_graphql_api.theirs.id
  name   = "messages" # as ours would be called in an API of our own
  type   = "NONE"
}

resource "aws_appsync_resolver" "order" {
  api_id            = aws_appsync_graphql_api.theirs.id
  type              = "Query"
  field             = "order"
  data_source       = aws_appsync_datasource.order.name
  request_template  = jsonencode({ version = "2018-05-29", payload = { id = "1" } })
  response_template = "$util.toJson($ctx.result)"
}

resource "aws_iam_role" "authorizer" {
  name = "shop-authorizer"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_lambda_layer_version" "authorizer" {
  for_each = { dependencies = "layer-dependencies-${var.architecture}.zip", chat = "layer-chat.zip" }

  layer_name = "shop-${each.key}"
  filename   = "${var.packages}/${each.value}"
}

resource "aws_lambda_function" "authorizer" {
  function_name = "shop-authorizer"
  role          = aws_iam_role.authorizer.arn
  runtime       = "python3.13"
  handler       = "resolvers.authorizer.handler"
  filename      = "${var.packages}/functions/authorizer.zip"
  layers        = [for layer in ["dependencies", "chat"] : aws_lambda_layer_version.authorizer[layer].arn]
  memory_size   = 512
  timeout       = 5

  environment {
    variables = { JWT_ISSUER = var.jwt.issuer, JWT_AUDIENCE = var.jwt.audience, JWT_ALGORITHMS = "ES256", JWT_JWKS = var.jwt.jwks, AUTHORIZER_TTL_SECONDS = "0" }
  }
}

output "api_id" {
  value = aws_appsync_graphql_api.theirs.id
}

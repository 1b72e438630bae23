# What the team has.

resource "aws_appsync_graphql_api" "theirs" {
  provider = aws.chat
  for_each = local.deployments

  name                = "shop-${each.key}"
  authentication_type = "AMAZON_COGNITO_USER_POOLS"
  schema              = file("${path.module}/../three-fields/schema.graphql")

  user_pool_config {
    user_pool_id   = aws_cognito_user_pool.theirs.id
    default_action = "ALLOW"
  }
}

resource "aws_cognito_user_pool" "theirs" {
  provider = aws.chat
  name     = "shop"
}

resource "aws_cognito_user_pool_client" "theirs" {
  provider     = aws.chat
  name         = "web"
  user_pool_id = aws_cognito_user_pool.theirs.id
}

resource "aws_kms_key" "theirs" {
  #checkov:skip=CKV2_AWS_64:An example; docs/deployment.md says whom the key's policy must admit.
  provider            = aws.chat
  description         = "The team's."
  enable_key_rotation = true
}

resource "aws_dynamodb_table" "theirs" {
  provider = aws.chat
  for_each = toset([for pair in setproduct(local.deployments, ["core", "guild"]) : join("-", pair)])

  name                        = "shop-${each.key}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "PK"
  range_key                   = "SK"
  deletion_protection_enabled = true
  stream_enabled              = true
  stream_view_type            = "NEW_IMAGE"

  attribute {
    name = "PK"
    type = "S"
  }

  attribute {
    name = "SK"
    type = "S"
  }

  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.theirs.arn
  }
}

resource "aws_s3_bucket" "theirs" {
  provider = aws.chat
  bucket   = "shop-uploads-${data.aws_caller_identity.current.account_id}"
}

resource "aws_cloudwatch_event_bus" "theirs" {
  provider = aws.chat
  name     = "shop"
}

resource "aws_sqs_queue" "theirs" {
  provider          = aws.chat
  name              = "shop-chat.fifo"
  fifo_queue        = true
  kms_master_key_id = aws_kms_key.theirs.arn
}

resource "aws_sns_topic" "theirs" {
  provider          = aws.chat
  name              = "on-call"
  kms_master_key_id = aws_kms_key.theirs.arn
}

resource "aws_sns_topic_policy" "theirs" {
  provider = aws.chat
  arn      = aws_sns_topic.theirs.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.theirs.arn
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_policy" "boundary" {
  provider = aws.chat
  name     = "chat-boundary"

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["dynamodb:*", "logs:*", "secretsmanager:GetSecretValue", "kms:*", "s3:*", "xray:Put*", "lambda:InvokeFunction", "firehose:Put*", "events:PutEvents", "sqs:SendMessage"], Resource = "*" }]
  })
}

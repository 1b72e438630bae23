# Logs with an end, and audit events that outlive them.

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.functions

  name              = "/aws/lambda/${local.function_names[each.key]}"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.kms_key_arn
  tags              = local.tags
}

resource "aws_cloudwatch_log_group" "api" {
  count = local.makes_api ? 1 : 0

  name              = "/aws/appsync/apis/${aws_appsync_graphql_api.chat[0].id}"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.kms_key_arn
  tags              = local.tags
}

# A log group cannot be filtered into another one without a function between. So lines with kind=audit go through Firehose
# to a bucket: kept longer, cheaper, and out of reach of those who may read or delete logs.

resource "aws_cloudwatch_log_subscription_filter" "audit" {
  for_each = local.functions

  name            = "audit"
  log_group_name  = aws_cloudwatch_log_group.function[each.key].name
  filter_pattern  = "{ $.kind = \"audit\" }"
  destination_arn = aws_kinesis_firehose_delivery_stream.audit.arn
  role_arn        = aws_iam_role.audit["logs"].arn

  depends_on = [aws_iam_role_policy.audit]
}

resource "aws_kinesis_firehose_delivery_stream" "audit" {
  name        = "${local.prefix}-audit"
  destination = "extended_s3"
  tags        = local.tags

  extended_s3_configuration {
    role_arn            = aws_iam_role.audit["firehose"].arn
    bucket_arn          = aws_s3_bucket.audit.arn
    prefix              = "events/!{timestamp:yyyy/MM/dd}/"
    error_output_prefix = "undelivered/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/"
    buffering_interval  = 300
    buffering_size      = 5
    compression_format  = "UNCOMPRESSED" # CloudWatch has compressed them already, with gzip
  }

  server_side_encryption {
    enabled  = true
    key_type = var.existing.kms_key == null ? "AWS_OWNED_CMK" : "CUSTOMER_MANAGED_CMK"
    key_arn  = local.kms_key_arn
  }

  depends_on = [aws_iam_role_policy.audit]
}

resource "aws_s3_bucket" "audit" {
  bucket        = local.bucket_names.audit
  force_destroy = !var.deletion_protection
  tags          = local.tags

  lifecycle {
    ignore_changes = [bucket] # under another name it would be another bucket, without what is in this one
  }
}

resource "aws_s3_bucket_public_access_block" "audit" {
  bucket = aws_s3_bucket.audit.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "audit" {
  bucket = aws_s3_bucket.audit.id

  versioning_configuration {
    status = "Enabled" # who can overwrite an event cannot make it disappear
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "audit" {
  bucket = aws_s3_bucket.audit.id

  rule {
    bucket_key_enabled = var.existing.kms_key != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.existing.kms_key == null ? "AES256" : "aws:kms"
      kms_master_key_id = local.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "audit" {
  bucket = aws_s3_bucket.audit.id

  rule {
    id     = "end"
    status = "Enabled"

    filter {}

    expiration {
      days = var.audit_retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.audit]
}

resource "aws_s3_bucket_policy" "audit" {
  bucket = aws_s3_bucket.audit.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyEncryptedTransport"
      Effect    = "Deny"
      Principal = "*"    # a denial for everybody
      Action    = "s3:*" # of everything
      Resource  = [aws_s3_bucket.audit.arn, "${aws_s3_bucket.audit.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.audit]
}

locals {
  audit_stream_arn = "arn:${local.partition}:firehose:${var.region}:${local.account}:deliverystream/${local.prefix}-audit"

  audit_roles = {
    logs = {
      service   = "logs.amazonaws.com"
      trust     = { StringLike = { "aws:SourceArn" = "arn:${local.partition}:logs:${var.region}:${local.account}:*" } }
      statement = [{ Effect = "Allow", Action = ["firehose:PutRecord", "firehose:PutRecordBatch"], Resource = local.audit_stream_arn }]
    }
    firehose = {
      service = "firehose.amazonaws.com"
      trust   = { StringEquals = { "sts:ExternalId" = local.account } }
      statement = concat(
        [
          { Effect = "Allow", Action = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], Resource = aws_s3_bucket.audit.arn },
          { Effect = "Allow", Action = ["s3:AbortMultipartUpload", "s3:PutObject"], Resource = "${aws_s3_bucket.audit.arn}/*" }, # its objects
        ],
        var.existing.kms_key == null ? [] : [{ Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = local.kms_key_arn }],
      )
    }
  }
}

resource "aws_iam_role" "audit" {
  for_each = toset(["logs", "firehose"])

  name                 = "${local.prefix}-audit-${each.key}${local.role_suffix}"
  description          = "Moves audit events on their way from the logs to the bucket."
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary_arn
  tags                 = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = local.audit_roles[each.key].service }
      Condition = local.audit_roles[each.key].trust
    }]
  })
}

resource "aws_iam_role_policy" "audit" {
  for_each = toset(["logs", "firehose"])

  name   = "deliver"
  role   = aws_iam_role.audit[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.audit_roles[each.key].statement })
}

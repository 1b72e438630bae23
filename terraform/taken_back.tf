# The log of what was taken back, which a restore to a point in time replays before anybody uses the tables: docs/privacy.md. It lies
# outside the tables; who writes it can neither read, replace nor delete it, and it is kept for as long as the tables can be restored.

locals {
  keeps_log       = local.projects ? 1 : 0
  log_kept_days   = var.recovery_period_in_days + 1 # a restore reads an hour further back
  taken_back_key  = local.keeps_log == 0 ? null : coalesce(local.kms_key_arn, one(aws_kms_key.taken_back[*].arn))
  taken_back_logs = aws_s3_bucket.taken_back[*].arn

  taken_back_settings = {
    for name, value in {
      TAKEN_BACK_BUCKET = one(aws_s3_bucket.taken_back[*].bucket)
      TAKEN_BACK_KEY    = local.taken_back_key
    } : name => value if local.keeps_log == 1
  }
}

resource "aws_s3_bucket" "taken_back" {
  count = local.keeps_log

  bucket              = local.bucket_names.taken-back
  object_lock_enabled = true
  force_destroy       = !var.deletion_protection
  tags                = local.tags

  lifecycle {
    ignore_changes = [bucket] # under another name it would be another bucket, without what is in this one
  }
}

resource "aws_s3_bucket_versioning" "taken_back" {
  count = local.keeps_log

  bucket = aws_s3_bucket.taken_back[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

# Nobody deletes or replaces an entry within the window, but who may bypass governance. That is no function of ours.
resource "aws_s3_bucket_object_lock_configuration" "taken_back" {
  count = local.keeps_log

  bucket = aws_s3_bucket.taken_back[0].id

  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = local.log_kept_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.taken_back]
}

resource "aws_s3_bucket_lifecycle_configuration" "taken_back" {
  count = local.keeps_log

  bucket = aws_s3_bucket.taken_back[0].id

  rule {
    id     = "window"
    status = "Enabled"

    filter {}

    expiration {
      days = local.log_kept_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.taken_back]
}

resource "aws_s3_bucket_public_access_block" "taken_back" {
  count = local.keeps_log

  bucket = aws_s3_bucket.taken_back[0].id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "taken_back" {
  count = local.keeps_log

  bucket = aws_s3_bucket.taken_back[0].id

  rule {
    object_ownership = "BucketOwnerEnforced" # no access lists
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "taken_back" {
  count = local.keeps_log

  bucket = aws_s3_bucket.taken_back[0].id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms" # what is in it is encrypted under data keys of this key before it gets here
      kms_master_key_id = local.taken_back_key
    }
  }
}

resource "aws_s3_bucket_policy" "taken_back" {
  count = local.keeps_log

  bucket = aws_s3_bucket.taken_back[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyEncryptedTransport"
      Effect    = "Deny"
      Principal = "*"    # a denial for everybody
      Action    = "s3:*" # of everything
      Resource  = [aws_s3_bucket.taken_back[0].arn, "${aws_s3_bucket.taken_back[0].arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.taken_back]
}

# It wraps the data keys of the log, unless the deployment has a key of its own for everything.
resource "aws_kms_key" "taken_back" {
  count = local.keeps_log == 1 && var.existing.kms_key == null ? 1 : 0

  description             = "Wraps the keys of ${local.prefix}'s log of what was taken back."
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Account"
      Effect    = "Allow"
      Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" } # whose policies then say who may
      Action    = "kms:*"
      Resource  = "*" # in a key's policy: this key
    }]
  })
}

output "taken_back" {
  description = "The log of what was taken back: the bucket and the key, as `make restore` is told them."
  value       = { bucket = one(aws_s3_bucket.taken_back[*].bucket), key_arn = local.taken_back_key }
}

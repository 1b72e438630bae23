# The bucket of attachments, if there are any. A file is posted to pending/, by a form that a function has signed; a message
# that is sent with it keeps a copy of its own below kept/, in the folder of its retention: docs/attachments.md.

locals {
  uploads        = var.uploads == null || var.existing.uploads_bucket != null ? 0 : 1
  uploads_bucket = var.uploads == null ? null : local.uploads == 0 ? var.existing.uploads_bucket.name : aws_s3_bucket.uploads[0].bucket
  uploads_arn    = "arn:${local.partition}:s3:::${var.uploads == null ? "none" : local.uploads_bucket}"

  upload_settings = merge(
    { for uploads in [var.uploads] : "UPLOADS_BUCKET" => local.uploads_bucket if uploads != null },
    {
      for name, value in {
        UPLOAD_TYPES     = try(join(",", var.uploads.types), null)
        MAX_UPLOAD_BYTES = try(tostring(var.uploads.max_bytes), null)
      } : name => value if value != null
    },
  )

  # For how many days the folders of kept/ keep what is in them: KEPT_DAYS in layers/chat/python/chat/storage/uploads.py.
  kept_days = [7, 30, 90, 180, 365, 730, 1826, 3653, 36500]

  # What an export of somebody's data is made of, and its archive: KEPT_DAYS in layers/chat/python/chat/storage/export_objects.py.
  exports_days = 7

  # The rights of the wiring on objects, by the folders that they are confined to.
  object_statements = {
    for module, each in local.functions : module => var.uploads == null ? [] : [
      for index, right in try(each.objects, []) : {
        Sid      = "Objects${index}"
        Effect   = "Allow"
        Action   = right.actions
        Resource = [for prefix in right.prefixes : "${local.uploads_arn}/${prefix}"]
      }
    ]
  }
}

resource "aws_s3_bucket" "uploads" {
  #checkov:skip=CKV_AWS_21:No key is written twice but in pending/, and what is removed from a room has to be gone.
  count = local.uploads

  bucket        = local.bucket_names.uploads
  force_destroy = !var.deletion_protection
  tags          = local.tags

  lifecycle {
    ignore_changes = [bucket] # under another name it would be another bucket, without what is in this one
  }
}

resource "aws_s3_bucket_public_access_block" "uploads" {
  count = local.uploads

  bucket = aws_s3_bucket.uploads[0].id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "uploads" {
  count = local.uploads

  bucket = aws_s3_bucket.uploads[0].id

  rule {
    object_ownership = "BucketOwnerEnforced" # no access lists
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "uploads" {
  count = local.uploads

  bucket = aws_s3_bucket.uploads[0].id

  rule {
    bucket_key_enabled = var.existing.kms_key != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.existing.kms_key == null ? "AES256" : "aws:kms"
      kms_master_key_id = local.kms_key_arn
    }
  }
}

# Time starts with the upload for pending/, with the copy for kept/, and ends at the midnight (UTC) after it has passed. The day
# more keeps what was copied just before its message was sent.
resource "aws_s3_bucket_lifecycle_configuration" "uploads" {
  count = local.uploads

  bucket = aws_s3_bucket.uploads[0].id

  rule {
    id     = "incomplete"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  dynamic "rule" {
    for_each = merge({ "pending/" = 1, "exports/" = local.exports_days }, { for days in local.kept_days : "kept/${days}/" => days + 1 })
    content {
      id     = trimsuffix(rule.key, "/")
      status = "Enabled"

      filter {
        prefix = rule.key
      }

      expiration {
        days = rule.value
      }
    }
  }
}

resource "aws_s3_bucket_cors_configuration" "uploads" {
  count = local.uploads == 0 || try(length(var.uploads.origins), 0) + length(local.page) == 0 ? 0 : 1

  bucket = aws_s3_bucket.uploads[0].id

  cors_rule {
    allowed_methods = ["GET", "POST"]
    allowed_origins = concat(var.uploads.origins, local.page_origins)
    max_age_seconds = 3600
  }
}

resource "aws_s3_bucket_policy" "uploads" {
  count = local.uploads

  bucket = aws_s3_bucket.uploads[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyEncryptedTransport"
      Effect    = "Deny"
      Principal = "*"    # a denial for everybody
      Action    = "s3:*" # of everything
      Resource  = [aws_s3_bucket.uploads[0].arn, "${aws_s3_bucket.uploads[0].arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.uploads]
}

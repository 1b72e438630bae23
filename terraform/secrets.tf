# Functions get references; values are put in by hand or by your own rotation, never through Terraform or its state.

locals {
  needed_secrets  = toset(flatten([for names in values(local.used_secrets) : tolist(names)]))
  made_secrets    = setsubtract(local.needed_secrets, keys(var.secrets))
  secret_arns     = merge(var.secrets, { for name in local.made_secrets : name => aws_secretsmanager_secret.chat[name].arn })
  secret_services = { for name in local.needed_secrets : name => try(split(":", var.secrets[name])[2], "secretsmanager") }

  secret_purposes = {
    CURSOR_KEYS = "Seals nextToken: JSON {\"current\": \"k1\", \"keys\": {\"k1\": \"<32 bytes as base64url>\"}}."
    AUDIT_KEY   = "Makes pseudonyms of user ids in logs: 32 bytes as base64url."
    DIRECT_KEY  = "Makes the ids of direct rooms, and is never changed: 32 bytes as base64url."
    EXPORT_KEY  = "Signs exports of people's data: 32 bytes as base64url."
    JWT_SECRET  = "Verifies HS256 tokens: at least 32 bytes as base64url."
  }
}

resource "aws_secretsmanager_secret" "chat" {
  for_each = local.made_secrets

  name                    = "${local.prefix}/${lower(replace(each.key, "_", "-"))}"
  description             = local.secret_purposes[each.key]
  kms_key_id              = local.kms_key_arn
  tags                    = local.tags
  recovery_window_in_days = var.deletion_protection ? 30 : 0
}

# Rooms live in the core table, guilds' rooms in the guild table; each is made here unless it is there already.

locals {
  tables = {
    for key, name in var.table_names : key => {
      name = name
      arn  = "arn:${local.partition}:dynamodb:${var.region}:${local.account}:table/${name}"
    }
  }
}

resource "aws_dynamodb_table" "chat" {
  for_each = { for key, table in local.tables : key => table.name if !contains(var.existing_tables, key) }

  name                        = each.value
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "PK"
  range_key                   = "SK"
  deletion_protection_enabled = var.deletion_protection

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
    enabled     = var.kms_key_arn != null # false is encryption too, with a key that DynamoDB owns
    kms_key_arn = var.kms_key_arn
  }
}

data "aws_dynamodb_table" "existing" {
  for_each = { for key, table in local.tables : key => table.name if contains(var.existing_tables, key) }

  name = each.value

  lifecycle {
    postcondition {
      condition     = self.hash_key == "PK" && self.range_key == "SK"
      error_message = "The table ${each.value} must have the partition key PK and the sort key SK."
    }
  }
}

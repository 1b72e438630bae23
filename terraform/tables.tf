# Rooms live in the core table, guilds' rooms in the guild table; each is made here unless it is there already.

locals {
  tables = {
    for key, name in {
      core  = try(var.existing.tables.core.name, coalesce(var.table_names.core, "${local.prefix}-core"))
      guild = try(var.existing.tables.guild.name, coalesce(var.table_names.guild, "${local.prefix}-guild"))
      } : key => {
      name = name
      arn  = "arn:${local.partition}:dynamodb:${var.region}:${local.account}:table/${name}"
    }
  }

  kms_key_arn = try(var.existing.kms_key.arn, null)
}

resource "aws_dynamodb_table" "chat" {
  for_each = { for key, table in local.tables : key => table.name if var.existing.tables[key] == null }

  name                        = each.value
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "PK"
  range_key                   = "SK"
  deletion_protection_enabled = var.deletion_protection
  tags                        = local.tags

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
    enabled                 = true
    recovery_period_in_days = var.recovery_period_in_days
  }

  # Costs nothing while nobody reads it, and what happened in the day before somebody does is not lost.
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE" # an old one would hold texts that were removed

  server_side_encryption {
    enabled     = var.existing.kms_key != null # false is encryption too, with a key that DynamoDB owns
    kms_key_arn = local.kms_key_arn
  }
}

# Tables that are there are looked at. What the code cannot do without stops; what only protects is theirs to decide, and a warning.

data "aws_dynamodb_table" "existing" {
  for_each = { for key, table in local.tables : key => table.name if var.existing.tables[key] != null }

  name = each.value

  lifecycle {
    postcondition {
      condition = self.hash_key == "PK" && self.range_key == "SK" && length(setsubtract(
        [{ name = "PK", type = "S" }, { name = "SK", type = "S" }], [for each in self.attribute : { name = each.name, type = each.type }],
      )) == 0
      error_message = "The table ${each.value} must have the partition key PK and the sort key SK, both strings; it has ${self.hash_key} and ${coalesce(self.range_key, "none")}."
    }

    postcondition {
      condition     = try(one(self.ttl).enabled && one(self.ttl).attribute_name == "expiresAt", false)
      error_message = "The table ${each.value} must have TTL on expiresAt, or nothing would ever expire; it has ${try(one(self.ttl).enabled, false) ? "it on ${one(self.ttl).attribute_name}" : "none"}."
    }

    postcondition {
      condition     = !local.reads_streams || try(self.stream_enabled && contains(["NEW_IMAGE", "NEW_AND_OLD_IMAGES"], self.stream_view_type), false)
      error_message = "The table ${each.value} must have a stream with new images (NEW_IMAGE), which events are read from; it has ${try(self.stream_enabled, false) ? self.stream_view_type : "none"}."
    }

    postcondition {
      condition     = !local.reads_streams || self.stream_arn == var.existing.tables[each.key].stream_arn
      error_message = "existing.tables.${each.key}.stream_arn is not of the table's stream, which is ${coalesce(self.stream_arn, "none")}: a stream that is turned off and on again is another one."
    }
  }
}

locals {
  unprotected_tables = {
    for what, tables in {
      "point-in-time recovery" = [for table in values(data.aws_dynamodb_table.existing) : table.name if !try(one(table.point_in_time_recovery).enabled, false)]
      "deletion protection"    = [for table in values(data.aws_dynamodb_table.existing) : table.name if !try(table.deletion_protection_enabled, false)]
    } : what => join(" and ", tables)
  }
}

check "tables_can_be_restored" {
  assert {
    condition     = local.unprotected_tables["point-in-time recovery"] == ""
    error_message = "${local.unprotected_tables["point-in-time recovery"]}: without point-in-time recovery, what a mistake overwrites is gone."
  }
}

check "tables_resist_deletion" {
  assert {
    condition     = local.unprotected_tables["deletion protection"] == "" || !var.deletion_protection
    error_message = "${local.unprotected_tables["deletion protection"]}: without deletion protection, one call removes everything."
  }
}

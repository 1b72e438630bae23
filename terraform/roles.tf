# One role for each function, with what its wiring says and nothing else; and AppSync's own roles.

locals {
  # Rooms' partitions of one table have no business in the other, nor has what is kept by room (LIVE#ROOM#…). Users' partitions
  # are in both, and so are jobs, each in the table of its room; what waits, holds and what came of erasures are in the core table.
  rooms_of_table = { core = "ROOM#*", guild = "GUILD#*" }
  keys_in_table = {
    for key, rooms in local.rooms_of_table : key => {
      "ROOM#*"      = key == "core" ? ["ROOM#*"] : []
      "GUILD#*"     = key == "guild" ? ["GUILD#*"] : []
      "USER#*"      = ["USER#*"]
      "LIVE#*"      = ["LIVE#${rooms}"]
      "LEDGER#*"    = ["LEDGER#${rooms}"]
      "REACT#*"     = ["REACT#${rooms}"]
      "REACTIONS#*" = ["REACTIONS#${rooms}"]
      "AVATAR#*"    = key == "core" ? ["AVATAR#*"] : []
      "JOBS"        = ["JOBS"]
      "NOTIFYING"   = ["NOTIFYING"]
      "DUE"         = key == "core" ? ["DUE"] : []
      "HOLDS"       = key == "core" ? ["HOLDS"] : []
      "ERASURES"    = key == "core" ? ["ERASURES"] : []
    }
  }

  table_settings = { core = "CORE_TABLE", guild = "GUILD_TABLE" }

  # The rights of the wiring, for each table that the function is told of.
  table_statements = {
    for module, each in local.functions : module => flatten([
      for key, setting in local.table_settings : [
        for index, right in each.rights : {
          Sid      = "Table${title(key)}${index}"
          Effect   = "Allow"
          Action   = right.actions
          Resource = local.tables[key].arn
          Condition = {
            "ForAllValues:StringLike" = {
              "dynamodb:LeadingKeys" = flatten([for prefix in right.leadingKeys : local.keys_in_table[key][prefix]])
            }
          }
        } if length(flatten([for prefix in right.leadingKeys : local.keys_in_table[key][prefix]])) > 0
      ] if contains(each.settings, setting)
    ])
  }

  secret_statements = {
    for module, names in local.used_secrets : module => concat(
      [
        for action, arns in {
          "secretsmanager:GetSecretValue" = [for name in names : local.secret_arns[name] if !startswith(local.secret_services[name], "ssm")]
          "ssm:GetParameter"              = [for name in names : local.secret_arns[name] if startswith(local.secret_services[name], "ssm")]
        } : { Sid = "Secrets${replace(title(split(":", action)[0]), "-", "")}", Effect = "Allow", Action = [action], Resource = arns }
        if length(arns) > 0
      ],
    )
  }

  key_statements = {
    for module, each in local.functions : module => [
      for keys in [distinct(concat(
        [for key in [local.kms_key_arn] : key if var.existing.kms_key != null],
        [for table in values(var.existing.tables) : table.kms_key_arn if try(table.kms_key_arn, null) != null && length(each.rights) > 0],
        [for bucket in [var.existing.uploads_bucket] : bucket.kms_key_arn if try(bucket.kms_key_arn, null) != null && length(try(each.objects, [])) > 0],
        ))] : {
        Sid      = "CustomerKey"
        Effect   = "Allow"
        Action   = length(each.rights) == 0 ? ["kms:Decrypt"] : ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
        Resource = keys
      } if length(keys) > 0
    ]
  }
}

locals {
  # What roles get by variables: which bucket, secrets, keys, flags and targets of events.
  given_statements = {
    for module in keys(local.functions) : module => concat(
      local.object_statements[module],
      local.secret_statements[module],
      local.key_statements[module],
      local.flag_statements[module],
    )
  }

  # What the release before needs yet: var.retired_rights.
  retired_statements = {
    for module in keys(local.functions) : module => [
      for index, right in var.retired_rights : { Sid = "Retired${index}", Effect = "Allow", Action = right.actions, Resource = right.resources }
      if contains(right.functions, module)
    ]
  }

  # What releases/ is told of each role, to hold a plan to what the live release needs: the wiring's rights, the tables that they are
  # for, and what variables give. Rights that no code uses (those of an event source mapping, logs and traces) are not among them.
  granted = {
    for module, each in local.functions : module => concat(
      [for right in each.rights : { actions = right.actions, places = right.leadingKeys, retired = try(right.retired, false) }],
      [for right in try(each.objects, []) : { actions = right.actions, places = right.prefixes, retired = try(right.retired, false) }],
      [
        for key, setting in local.table_settings : { actions = ["dynamodb:*"], places = [local.tables[key].arn], retired = false }
        if contains(each.settings, setting) && length(each.rights) > 0
      ],
      [
        for statement in concat(local.given_statements[module], try(local.target_statements[module], [])) :
        { actions = statement.Action, places = flatten([statement.Resource]), retired = false }
      ],
      [for statement in local.retired_statements[module] : { actions = statement.Action, places = statement.Resource, retired = true }],
    )
  }
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name                 = local.role_names[each.key]
  description          = "What resolvers/${each.key}.py may do."
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary_arn
  tags                 = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name = "wiring"
  role = aws_iam_role.function[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.table_statements[each.key],
      local.given_statements[each.key],
      local.retired_statements[each.key],
      [
        {
          Sid      = "Logs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${aws_cloudwatch_log_group.function[each.key].arn}:*" # the streams of this one group
        },
        {
          Sid      = "Traces"
          Effect   = "Allow"
          Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
          Resource = "*" # X-Ray knows no resources for these: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
        },
      ],
    )
  })

  lifecycle {
    precondition {
      condition     = length(local.functions[each.key].rights) == 0 || length(local.table_statements[each.key]) > 0
      error_message = "resolvers/wiring.json gives ${each.key} rights on tables, and neither CORE_TABLE nor GUILD_TABLE among its settings."
    }
  }
}

locals {
  # Only AppSync, and only for APIs of this account: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
  trust_in_appsync = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "appsync.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role" "data_source" {
  name                 = "${local.prefix}-appsync${local.role_suffix}"
  description          = "What AppSync may call for the API's fields."
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = local.trust_in_appsync
  tags                 = local.tags
}

resource "aws_iam_role_policy" "data_source" {
  name = "invoke"
  role = aws_iam_role.data_source.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = sort([for each in local.fields : aws_lambda_alias.live[each.module].arn])
    }]
  })
}

# AppSync writes to a log group that it would make by itself, without an end and without a key. So its role gets its rights
# only when the group is there, and for this group alone: whatever the API would have logged before is lost.

resource "aws_iam_role" "api_logs" {
  count = local.makes_api ? 1 : 0

  name                 = "${local.prefix}-appsync-logs${local.role_suffix}"
  description          = "Where AppSync may write the API's log."
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = local.trust_in_appsync
  tags                 = local.tags
}

resource "aws_iam_role_policy" "api_logs" {
  count = local.makes_api ? 1 : 0

  name = "logs"
  role = aws_iam_role.api_logs[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.api[0].arn}:*" # the streams of this one group
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup"] # AppSync asks for it, though the group is there
        Resource = aws_cloudwatch_log_group.api[0].arn
      },
    ]
  })
}

# Direct resolvers: AppSync gives the function the whole context, and passes its answer, or its exception's class name and
# text, to the client. Without templates and code on purpose: with either, the class name is lost.
# https://docs.aws.amazon.com/appsync/latest/devguide/direct-lambda-reference.html

resource "aws_appsync_datasource" "field" {
  for_each = local.fields

  api_id           = local.api.id
  name             = local.makes_api ? each.value.module : "${replace(local.prefix, "-", "_")}_${each.value.module}" # beside their own
  description      = "resolvers/${each.value.module}.py"
  type             = "AWS_LAMBDA"
  service_role_arn = aws_iam_role.data_source.arn

  lambda_config {
    function_arn = aws_lambda_alias.live[each.value.module].arn
  }
}

resource "aws_appsync_resolver" "field" {
  for_each = local.fields

  api_id      = local.api.id
  type        = each.value.type
  field       = each.value.field
  data_source = aws_appsync_datasource.field[each.key].name

  lifecycle {
    replace_triggered_by = [terraform_data.schema]
  }
}

# AppSync detaches resolvers where a field was gone for a moment, and at times those of its neighbours, and goes on naming them as
# if they were attached. So whoever changes the schema attaches all of them anew.
# https://github.com/aws/aws-appsync-community/issues/146
resource "terraform_data" "schema" {
  input = local.makes_api ? sha256(local.schema) : var.existing.api.schema_hash
}

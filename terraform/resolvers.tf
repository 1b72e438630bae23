# Direct resolvers: AppSync gives the function the whole context, and passes its answer, or its exception's class name and
# text, to the client. Without templates and code on purpose: with either, the class name is lost.
# https://docs.aws.amazon.com/appsync/latest/devguide/direct-lambda-reference.html

resource "aws_appsync_datasource" "field" {
  for_each = local.fields

  api_id           = aws_appsync_graphql_api.chat.id
  name             = each.value.module
  description      = "resolvers/${each.value.module}.py"
  type             = "AWS_LAMBDA"
  service_role_arn = aws_iam_role.data_source.arn

  lambda_config {
    function_arn = aws_lambda_alias.live[each.value.module].arn
  }
}

resource "aws_appsync_resolver" "field" {
  for_each = local.fields

  api_id      = aws_appsync_graphql_api.chat.id
  type        = each.value.type
  field       = each.value.field
  data_source = aws_appsync_datasource.field[each.key].name
}

"""What AWS asks, in dollars, in us-east-1, without free tiers and discounts: the one place where prices stand.

They are of the day `DATED`. Look them up again before you count on them; `SOURCES` says where.
"""

DATED = "2026-11-28"
REGION = "us-east-1"
SOURCES = {
    "AppSync": "https://aws.amazon.com/appsync/pricing/",
    "DynamoDB": "https://aws.amazon.com/dynamodb/pricing/on-demand/",
    "Lambda": "https://aws.amazon.com/lambda/pricing/",
    "Fargate": "https://aws.amazon.com/fargate/pricing/",
    "load balancer": "https://aws.amazon.com/elasticloadbalancing/pricing/",
    "NAT, addresses": "https://aws.amazon.com/vpc/pricing/",
    "data out": "https://aws.amazon.com/ec2/pricing/on-demand/",
    "CloudWatch": "https://aws.amazon.com/cloudwatch/pricing/",
    "AppConfig": "https://aws.amazon.com/systems-manager/pricing/",
    "X-Ray": "https://aws.amazon.com/xray/pricing/",
}

A_MILLION = 1_000_000
OPERATION = 4.00 / A_MILLION
"""A query or a mutation of AppSync."""
UPDATE = 2.00 / A_MILLION
"""What AppSync sends to a subscriber, by 5 KB begun; a client's connect and subscribe are updates as well."""
CONNECTION_MINUTE = 0.08 / A_MILLION
READ_UNIT = 0.125 / A_MILLION
WRITE_UNIT = 0.625 / A_MILLION
STORED_GB_MONTH = 0.25
RECOVERY_GB_MONTH = 0.20
"""Point-in-time recovery, beside the storage itself."""
CALL = 0.20 / A_MILLION
GB_SECOND = 0.0000166667
"""Lambda on x86_64; on arm64 a fifth less."""
TASK_HOUR = 0.03238 + 2 * 0.00356
"""A task of Fargate on arm64: a vCPU and 2 GB."""
BALANCER_HOUR = 0.0225
BALANCER_UNIT_HOUR = 0.008
NAT_HOUR = 0.045
NAT_GB = 0.045
ADDRESS_HOUR = 0.005
"""A public IPv4 address."""
OUT_GB = 0.09
"""To the internet, of the first 10 TB a month; more is cheaper."""
LOG_GB = 0.50
TRACE = 5.00 / A_MILLION
ALARM_MONTH = 0.10
"""For each metric of a standard alarm."""
COMPOSITE_ALARM_MONTH = 0.50
METRIC_MONTH = 0.30
"""A custom metric."""
CONFIGURATION_REQUEST = 0.20 / A_MILLION
CONFIGURATION_RECEIVED = 800.00 / A_MILLION
"""Of AppConfig: a request, and what it costs more where it is answered with a configuration, which one that has not changed is
not. As AWS re:Post quotes the page: https://repost.aws/questions/QUevHYubJ-TESBPlUxRyujmg/i-want-to-understand-aws-appconfig-pricing-model"""

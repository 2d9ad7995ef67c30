"""Jira Cloud: read by search and bulk changelog (`fetch`), mapped purely (`map`), commented on (`write`)."""

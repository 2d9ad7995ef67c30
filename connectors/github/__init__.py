"""GitHub: issues and pull requests read by GraphQL, comments and dashboard issues written by REST."""

"""What several operations share: one step of their way a module. Steps know the deployment, never an
operation."""

"""``kaohe serve``: a Prefect server in a process of its own, every flow as a deployment on it, and what runs them."""

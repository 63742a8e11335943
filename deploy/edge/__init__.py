"""The edge: nginx, in both stacks from one template."""

"""Commands about a project and its environment, one file each: a first look, a start, a check-up."""

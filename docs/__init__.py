"""The documentation: `pages/` is the site, the modules here write its generated pages. May import all of agent_chaos."""

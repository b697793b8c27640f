"""The data engine, without HTTP: lists, modules, actions, tasks, ALM and CloudWorks runs."""

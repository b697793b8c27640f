"""An Airflow provider for Anaplan: hook, operators, triggers, sensors and assets."""

__version__ = "0.1.0"

from . import health, health_database, health_redis, health_jobs, health_trade, health_report
from . import alert_rule, alert, alert_watch, alert_desk

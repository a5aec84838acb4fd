"""Models over numeric features: linear, forests, gradient boosting, XGBoost."""

"""Tills sell and listen while every process behind them is killed again and again."""

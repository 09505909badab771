"""What a run left, as users read it: metrics, context, turn results, report. Values only."""

//! What a wrong configuration is told, and what a right one becomes.

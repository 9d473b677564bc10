//! The site as a browser, a scraper and an attacker see it.

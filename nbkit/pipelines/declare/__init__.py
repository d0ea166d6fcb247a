"""What people write: decorators and SQL, and the declarations that come of them."""

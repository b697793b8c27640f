"""The SCIM API (facts 7): users as an identity provider keeps them."""

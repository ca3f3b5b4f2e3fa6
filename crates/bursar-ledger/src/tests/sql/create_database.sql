-- Makes a database of its own for one test.
CREATE DATABASE the_name

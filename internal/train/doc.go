// Package train makes point-in-time training sets: label rows in, the same rows out, with the value
// that each feature had at the label's time.
//
// A Selection says which features and roles, Labels which rows, and Build computes the columns
// through the engine and writes them beside the labels. The manifest that it returns identifies the
// dataset: the versions of the features, the bytes of every file read, and the options that change
// a value. The package opens no file: labels come as an open input, history through the engine's
// port, and the output is a writer.
package train

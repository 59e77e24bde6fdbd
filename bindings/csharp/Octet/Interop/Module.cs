// No marshalling at run time: everything that crosses is blittable, which also the compiler of LibraryImport checks.
[assembly: System.Runtime.CompilerServices.DisableRuntimeMarshalling]

// The kilobyte of text in every q_error is not cleared before a call; Errors.Prepare writes what the library reads.
[module: System.Runtime.CompilerServices.SkipLocalsInit]

using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Octet.Interop;

/// <summary>Finds liboctet.so.1, checks its ABI, and says where it looked when it is not found.</summary>
internal static unsafe class Loader
{
    public const string FileName = "liboctet.so.1";
    public const string Variable = "OCTET_LIBRARY";

    private static readonly object s_lock = new();
    private static nint s_library;

    public static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != Native.Library) return 0;
        lock (s_lock)
        {
            if (s_library == 0) s_library = Load();
            return s_library;
        }
    }

    private static nint Load()
    {
        List<string> tried = [];
        string? chosen = Environment.GetEnvironmentVariable(Variable);
        // What a person has named is what they mean: another library instead of it would be a surprise.
        if (!string.IsNullOrEmpty(chosen))
        {
            if (TryLoad(chosen, tried, out nint library)) return library;
            throw new DllNotFoundException(
                $"The native library of Octet that {Variable} names cannot be loaded:{Lines(tried)}\n" +
                $"Set {Variable} to the path of a {FileName}, or unset it to have it searched for.");
        }
        foreach (string folder in Folders())
        {
            if (TryLoad(Path.Combine(folder, FileName), tried, out nint library)) return library;
        }
        if (TryLoad(FileName, tried, out nint found)) return found;
        throw new DllNotFoundException(
            $"The native library of Octet, {FileName}, was not found. Tried:{Lines(tried)}\n" +
            $"Reference the NuGet package Octet, which holds it for linux-x64; or install Octet (cmake --install) " +
            $"where the system looks for libraries; or set {Variable} to its path.");
    }

    private static IEnumerable<string> Folders()
    {
        string[] identifiers =
        [
            RuntimeInformation.RuntimeIdentifier,
            // Runtimes that a distribution builds name themselves after it; packages use the portable name.
            $"linux-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}",
        ];
        List<string> folders = [];
        foreach (string folder in new[] { AssemblyFolder(), AppContext.BaseDirectory })
        {
            if (folder.Length == 0) continue;
            folders.Add(folder);
            folders.AddRange(identifiers.Select(id => Path.Combine(folder, "runtimes", id, "native")));
        }
        // Where the host found the native parts of packages; differs from the above when nothing was copied.
        if (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") is string known)
        {
            folders.AddRange(known.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries));
        }
        return folders.Select(Path.TrimEndingDirectorySeparator).Distinct();
    }

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "An empty location is skipped.")]
    private static string AssemblyFolder() => Path.GetDirectoryName(typeof(Loader).Assembly.Location) ?? "";

    private static bool TryLoad(string path, List<string> tried, out nint library)
    {
        library = 0;
        bool bySystem = !path.Contains('/');
        if (!bySystem && !File.Exists(path))
        {
            tried.Add($"{path}: no such file");
            return false;
        }
        try
        {
            library = NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            // The system's message names what is missing, such as a library that this one needs.
            string where = bySystem ? "by the system's search (LD_LIBRARY_PATH, ld.so.cache)" : "cannot be loaded";
            tried.Add($"{path} {where}: {error.Message.ReplaceLineEndings(" ").Trim()}");
            return false;
        }
        CheckAbi(library, path);
        return true;
    }

    private static void CheckAbi(nint library, string path)
    {
        if (!NativeLibrary.TryGetExport(library, "q_abi_version", out nint function))
        {
            NativeLibrary.Free(library);
            throw new OctetException(Status.Version, $"{path} is not a library of Octet: it has no q_abi_version.");
        }
        uint version = ((delegate* unmanaged<uint>)function)();
        if (version >> 16 == Native.AbiVersion >> 16 && version >= Native.AbiVersion) return;
        NativeLibrary.Free(library);
        throw new OctetException(
            Status.Version,
            $"{path} has ABI {Text(version)}, but this binding needs ABI {Text(Native.AbiVersion)} or a later one of " +
            $"the same major version. Use the binding and the library of the same release.");
    }

    private static string Lines(List<string> tried) => string.Concat(tried.Select(line => $"\n  {line}"));

    private static string Text(uint version) => $"{version >> 16}.{version & 0xffff}";
}

namespace Octet.Tests;

/// <summary>What needs a process of its own. The tests themselves are run by `dotnet test`.</summary>
internal static class Program
{
    public static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["version"]:
                return Version();
            case ["benchmark"]:
                Benchmark.Run();
                return 0;
            default:
                Console.Error.WriteLine("usage: Octet.Tests version | benchmark");
                return 2;
        }
    }

    // Prints the version of the native library, or what was thrown instead.
    private static int Version()
    {
        try
        {
            Console.WriteLine(OctetLibrary.Version);
            return 0;
        }
        catch (Exception exception)
        {
            Console.WriteLine($"{exception.GetType().Name}: {exception.Message}");
            return 1;
        }
    }
}
